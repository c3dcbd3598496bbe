// Adam of the codes against torch.optim.Adam, with a row that freezes on the way.
#include "code_adam.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "support/paths.hpp"

namespace {

using dha::ista::AdamOptions;
using dha::ista::CodeAdam;

at::Tensor matrix(const nlohmann::json& rows) {
  const auto count = static_cast<int64_t>(rows.size()), width = static_cast<int64_t>(rows[0].size());
  at::Tensor tensor = at::empty({count, width}, at::kDouble);
  double* out = tensor.mutable_data_ptr<double>();
  for (const auto& row : rows)
    for (const auto& value : row) *out++ = value.get<double>();
  return tensor;
}

at::Tensor flags(const std::vector<bool>& values) {
  at::Tensor tensor = at::empty({static_cast<int64_t>(values.size()), 1}, at::kBool);
  std::copy(values.begin(), values.end(), tensor.mutable_data_ptr<bool>());
  return tensor;
}

struct Golden {
  nlohmann::json json = [] {
    std::ifstream file(dha::test::source_dir() / "tests/golden/ista/adam.json");
    return nlohmann::json::parse(file);
  }();
  AdamOptions options{json["options"]["learning_rate"], json["options"]["beta1"], json["options"]["beta2"],
                      json["options"]["weight_decay"], json["options"]["epsilon"]};
};

double largest_relative_difference(const at::Tensor& a, const at::Tensor& b) {
  return a.sub(b).abs().div(b.abs()).max().item<double>();
}

BOOST_FIXTURE_TEST_SUITE(code_adam, Golden)

BOOST_AUTO_TEST_CASE(follows_torch_and_leaves_frozen_rows_alone) {
  at::Tensor code = matrix(json["start"]);
  CodeAdam adam(options);
  adam.reset(code);
  BOOST_TEST(json["steps"].size() == 12u);
  for (const auto& step : json["steps"]) {
    adam.step(code, matrix(step["gradient"]), flags(step["live"].get<std::vector<bool>>()));
    BOOST_TEST(largest_relative_difference(code, matrix(step["code"])) < 1e-12);
  }
  BOOST_TEST(adam.steps() == 12);
}

BOOST_AUTO_TEST_CASE(frozen_row_keeps_its_bits_whatever_its_gradient) {
  at::Tensor code = matrix(json["start"]);
  const at::Tensor before = code.clone();
  CodeAdam adam(options);
  adam.reset(code);
  at::Tensor gradient = matrix(json["steps"][0]["gradient"]);
  gradient.select(0, 1).fill_(std::numeric_limits<double>::quiet_NaN());
  adam.step(code, gradient, flags({true, false, true}));
  BOOST_TEST(code.select(0, 1).equal(before.select(0, 1)));
  BOOST_TEST(!code.select(0, 0).equal(before.select(0, 0)));
}

BOOST_AUTO_TEST_CASE(restored_averages_go_on_with_the_same_bits) {
  at::Tensor code = matrix(json["start"]);
  CodeAdam adam(options);
  adam.reset(code);
  const at::Tensor live = flags({true, true, true});
  for (int i = 0; i < 3; ++i) adam.step(code, matrix(json["steps"][static_cast<size_t>(i)]["gradient"]), live);
  at::Tensor other_code = code.clone();
  CodeAdam other(options);
  other.reset(other_code);
  other.restore(adam.average(), adam.square_average(), adam.steps());
  for (size_t i = 3; i < 6; ++i) {
    adam.step(code, matrix(json["steps"][i]["gradient"]), live);
    other.step(other_code, matrix(json["steps"][i]["gradient"]), live);
  }
  BOOST_TEST(code.equal(other_code));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
