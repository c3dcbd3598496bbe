// Weights that go from one network to another by name.
#include "dha/nn/carry.hpp"

#include <ATen/ops/full.h>

#include <boost/test/unit_test.hpp>
#include <string>

#include "dha/error.hpp"
#include "nn_testing.hpp"

namespace dha::nn {
namespace {

struct Item {
  const char* name;
  std::vector<int64_t> sizes;
};

// A network that is nothing but its tensors, all of them `value`.
class TensorsOnly : public Network {
 public:
  TensorsOnly(double value, const std::vector<Item>& parameters, const std::vector<Item>& buffers) {
    for (const Item& one : parameters)
      parameters_.push_back({one.name, at::full(one.sizes, value, at::kFloat).set_requires_grad(true)});
    for (const Item& one : buffers) buffers_.push_back({one.name, at::full(one.sizes, value, at::kFloat)});
  }
  NetworkOutput forward(const at::Tensor&, const Gates&) override { return {}; }
  std::vector<NamedTensor> parameters() const override { return parameters_; }
  std::vector<NamedTensor> buffers() const override { return buffers_; }
  void set_mode(const NetworkMode&) override {}

  // The value of all elements; -1 where they differ.
  double value(const std::string& name) const {
    for (const auto& list : {parameters_, buffers_})
      for (const NamedTensor& one : list)
        if (one.name == name)
          return one.tensor.eq(one.tensor.flatten()[0]).all().item<bool>() ? one.tensor.flatten()[0].item<double>()
                                                                           : -1;
    throw std::runtime_error("there is no tensor '" + name + "'");
  }

 private:
  std::vector<NamedTensor> parameters_, buffers_;
};

std::string refusal(const Network& from, Network& to) {
  try {
    carry_by_name(WeightSource(from), to, CarryMode::kExact);
  } catch (const Error& e) {
    return e.code() == ErrorCode::kInvalidConfig ? e.what() : "an error of another kind";
  }
  return "no error";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(carry)

BOOST_AUTO_TEST_CASE(exact_takes_all_and_counts_parameters) {
  const TensorsOnly from(1, {{"a", {2, 3}}, {"b", {4}}, {"surplus", {1}}}, {{"mean", {4}}});
  TensorsOnly to(0, {{"b", {4}}, {"a", {2, 3}}}, {{"mean", {4}}});
  BOOST_TEST(carry_by_name(WeightSource(from), to, CarryMode::kExact) == 2);
  for (const char* name : {"a", "b", "mean"}) BOOST_TEST(to.value(name) == 1, name);
  BOOST_TEST(to.parameters()[0].tensor.requires_grad());
}

BOOST_AUTO_TEST_CASE(exact_refuses_what_has_no_source) {
  const TensorsOnly from(1, {{"a", {2, 3}}}, {});
  TensorsOnly more(0, {{"a", {2, 3}}, {"b", {4}}}, {}), other_shape(0, {{"a", {3, 2}}}, {}),
      more_buffers(0, {{"a", {2, 3}}}, {{"mean", {4}}});
  BOOST_TEST(refusal(from, more).find("'b' has no source") != std::string::npos);
  BOOST_TEST(refusal(from, more_buffers).find("'mean' has no source") != std::string::npos);
  BOOST_TEST(refusal(from, other_shape).find("'a' has shape [2, 3], expected [3, 2]") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(shared_takes_what_fits_and_leaves_the_rest) {
  const TensorsOnly from(1, {{"a", {2, 3}}, {"b", {4}}, {"c", {5}}}, {{"mean", {4}}, {"variance", {4}}});
  TensorsOnly to(0, {{"a", {2, 3}}, {"b", {5}}, {"d", {5}}}, {{"mean", {4}}, {"variance", {5}}});
  BOOST_TEST(carry_by_name(WeightSource(from), to, CarryMode::kShared) == 1);
  for (const char* name : {"a", "mean"}) BOOST_TEST(to.value(name) == 1, name);
  for (const char* name : {"b", "d", "variance"}) BOOST_TEST(to.value(name) == 0, name);
}

BOOST_AUTO_TEST_CASE(sources_are_found_by_name) {
  const TensorsOnly from(1, {{"a", {2, 3}}}, {{"mean", {4}}});
  const WeightSource source(from);
  BOOST_TEST(source.find("a").is_same(from.parameters()[0].tensor));
  BOOST_TEST(source.find("mean").is_same(from.buffers()[0].tensor));
  BOOST_TEST(!source.find("b").defined());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha::nn
