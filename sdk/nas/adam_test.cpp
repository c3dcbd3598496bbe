// Adam against torch.optim.Adam, with a row that is decided on the way.
#include "dha/nas/adam.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "support/error_checks.hpp"
#include "support/paths.hpp"

namespace {

using dha::nas::Adam;
using dha::nas::AdamOptions;

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
    std::ifstream file(dha::test::source_dir() / "tests/golden/adam/adam.json");
    return nlohmann::json::parse(file);
  }();
  AdamOptions options{json["options"]["learning_rate"], json["options"]["beta1"], json["options"]["beta2"],
                      json["options"]["weight_decay"], json["options"]["epsilon"]};
};

double largest_relative_difference(const at::Tensor& a, const at::Tensor& b) {
  return a.sub(b).abs().div(b.abs()).max().item<double>();
}

BOOST_FIXTURE_TEST_SUITE(adam, Golden)

BOOST_AUTO_TEST_CASE(follows_torch_and_leaves_decided_rows_alone) {
  at::Tensor variables = matrix(json["start"]);
  Adam optimizer(options);
  optimizer.reset(variables);
  BOOST_TEST(json["steps"].size() == 12u);
  for (const auto& step : json["steps"]) {
    optimizer.step(variables, matrix(step["gradient"]), flags(step["live"].get<std::vector<bool>>()));
    BOOST_TEST(largest_relative_difference(variables, matrix(step["code"])) < 1e-12);
  }
}

// Up to the step from which the oracle leaves row 1 alone.
BOOST_AUTO_TEST_CASE(without_a_mask_all_entries_move) {
  at::Tensor variables = matrix(json["start"]).requires_grad_(true);
  Adam optimizer(options);
  optimizer.reset(variables);
  for (size_t i = 0; i < 6; ++i) {
    optimizer.step(variables, matrix(json["steps"][i]["gradient"]));
    BOOST_TEST(largest_relative_difference(variables.detach(), matrix(json["steps"][i]["code"])) < 1e-12);
  }
  BOOST_TEST(variables.is_leaf());
  BOOST_TEST(variables.requires_grad());
}

BOOST_AUTO_TEST_CASE(masked_row_keeps_its_bits_whatever_its_gradient) {
  at::Tensor variables = matrix(json["start"]);
  const at::Tensor before = variables.clone();
  Adam optimizer(options);
  optimizer.reset(variables);
  at::Tensor gradient = matrix(json["steps"][0]["gradient"]);
  gradient.select(0, 1).fill_(std::numeric_limits<double>::quiet_NaN());
  optimizer.step(variables, gradient, flags({true, false, true}));
  BOOST_TEST(variables.select(0, 1).equal(before.select(0, 1)));
  BOOST_TEST(!variables.select(0, 0).equal(before.select(0, 0)));
}

BOOST_AUTO_TEST_CASE(restored_averages_continue_with_the_same_bits) {
  at::Tensor variables = matrix(json["start"]);
  Adam optimizer(options);
  optimizer.reset(variables);
  for (size_t i = 0; i < 3; ++i) optimizer.step(variables, matrix(json["steps"][i]["gradient"]));
  at::Tensor other_variables = variables.clone();
  Adam other(options);
  other.reset(other_variables);
  dha::State state;
  optimizer.save("adam", state);
  other.restore("adam", state);
  for (size_t i = 3; i < 6; ++i) {
    optimizer.step(variables, matrix(json["steps"][i]["gradient"]));
    other.step(other_variables, matrix(json["steps"][i]["gradient"]));
  }
  BOOST_TEST(variables.equal(other_variables));
}

BOOST_AUTO_TEST_CASE(a_state_that_does_not_fit_changes_nothing) {
  at::Tensor variables = matrix(json["start"]);
  Adam optimizer(options), other(options);
  optimizer.reset(variables);
  optimizer.step(variables, matrix(json["steps"][0]["gradient"]));
  dha::State before, state, after;
  optimizer.save("adam", before);
  for (auto& [name, tensor] : before.tensors) tensor = tensor.clone();
  other.reset(matrix(json["start"]));
  other.save("adam", state);
  state.tensors["adam.square_average"] = at::empty({3, 5}, at::kDouble);
  BOOST_CHECK_EXCEPTION(
      optimizer.restore("adam", state), dha::Error,
      dha::test::error_with(dha::ErrorCode::kInvalidParameter, "'adam.square_average'", "(3, 5)", "(3, 4)"));
  BOOST_CHECK_EXCEPTION(optimizer.restore("alpha", state), dha::Error,
                        dha::test::error_with(dha::ErrorCode::kInvalidParameter, "'alpha.average' is missing"));
  optimizer.save("adam", after);
  for (const auto& [name, tensor] : before.tensors) BOOST_TEST(tensor.equal(after.tensors.at(name)), name);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
