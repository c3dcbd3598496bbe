// Logits, gradients and running statistics equal those of plain torch modules (tests/golden/cell/forward.py).
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "test_space.hpp"

namespace dha::cell {
namespace {

using Json = nlohmann::json;

constexpr double kTolerance = 1e-9;
// A bias that a later batch norm takes away again has no gradient but the rounding errors of terms of about 1.
constexpr double kLeastGradient = 1e-5;

at::Tensor wave(const std::string& name, at::IntArrayRef shape) {
  uint32_t hash = 2166136261U;
  for (const char byte : name) hash = (hash ^ static_cast<unsigned char>(byte)) * 16777619U;
  const int64_t size = at::empty(shape, at::kDouble).numel();
  return at::arange(size, at::kDouble).mul(0.7).add(static_cast<double>(hash % 1000) * 0.01).sin().reshape(shape);
}

void fill(const std::vector<NamedTensor>& tensors) {
  const at::NoGradGuard no_grad;
  for (const NamedTensor& one : tensors) {
    if (one.name.ends_with(".gate")) continue;
    at::Tensor value = wave(one.name, one.tensor.sizes());
    if (one.name.ends_with("running_var"))
      value = value.mul(0.2).add(1);
    else if (one.name.find("norm") != std::string::npos && one.name.ends_with(".weight"))
      value = value.mul(0.3).add(1);
    else if (one.tensor.dim() >= 2)
      value = value.div(std::sqrt(static_cast<double>(one.tensor[0].numel())));
    else
      value = value.mul(0.2);
    at::Tensor(one.tensor).copy_(value);
  }
}

void check_close(const at::Tensor& found, const Json& expected, const std::string& what) {
  std::vector<double> values;
  for (const Json& row : expected)
    for (const Json& value : row) values.push_back(value);
  BOOST_TEST_REQUIRE(found.numel() == static_cast<int64_t>(values.size()));
  const at::Tensor wanted = leaf(values, at::kDouble).detach();
  const double error = distance(found.detach().flatten(), wanted), scale = wanted.abs().max().item<double>();
  BOOST_TEST(error <= kTolerance * scale, what << " differs by " << error << " of " << scale);
}

void check_close(double found, double expected, double scale, const std::string& what) {
  BOOST_TEST(std::abs(found - expected) <= kTolerance * scale,
             what << ": " << found << ", expected " << expected << " of " << scale);
}

TestSpace golden_space(const Json& settings) {
  const Json params{{"channels", settings["channels"]},
                    {"cells", settings["cells"]},
                    {"stem", settings["imagenet"] ? "imagenet" : "cifar"},
                    {"extra_batch_norm", settings["extra"]},
                    {"auxiliary_batch_norm", settings.value("auxiliary_batch_norm", true)}};
  DatasetInfo info = image_set(settings["classes"], settings["size"][0], settings.value("image_channels", 3));
  info.width = settings["size"][1];
  return TestSpace(params.dump(), info);
}

void check_gradients(const Network& network, const Json& expected) {
  BOOST_TEST(network.parameters().size() == expected.size());
  for (const NamedTensor& one : network.parameters()) {
    const at::Tensor gradient = one.tensor.grad().defined() ? one.tensor.grad().flatten() : at::Tensor();
    const Json& row = expected.at(one.name);
    const double magnitude = row[0], scale = std::max(magnitude, kLeastGradient);
    check_close(gradient.defined() ? gradient.abs().sum().item<double>() : 0, magnitude, scale,
                "magnitude of d" + one.name);
    check_close(gradient.defined() ? gradient.dot(wave("gradient", gradient.sizes())).item<double>() : 0, row[1], scale,
                "d" + one.name);
  }
}

void check_case(const Json& golden, bool channels_last) {
  const Json& settings = golden["settings"];
  TestSpace space = golden_space(settings);
  const auto network = space->lean(golden["genotype"].dump(), at::kDouble);
  fill(network->parameters());
  fill(network->buffers());
  at::Tensor images = wave("images", {settings["batch"].get<int64_t>(), settings.value("image_channels", int64_t{3}),
                                      settings["size"][0].get<int64_t>(), settings["size"][1].get<int64_t>()});
  if (channels_last) images = images.contiguous(at::MemoryFormat::ChannelsLast);
  network->set_mode(kEvaluation);
  const NetworkOutput evaluated = network->forward(images, {});
  check_close(evaluated.logits, golden["evaluated"], "logits in evaluation");
  BOOST_TEST(!evaluated.auxiliary_logits.defined());
  network->set_mode(kTraining);
  const NetworkOutput trained = network->forward(images, {});
  check_close(trained.logits, golden["logits"], "logits in training");
  check_close(trained.auxiliary_logits, golden["auxiliary"], "auxiliary logits");
  const at::Tensor auxiliary = trained.auxiliary_logits;
  const at::Tensor loss =
      trained.logits.mul(wave("loss", trained.logits.sizes()))
          .sum()
          .add(auxiliary.mul(wave("auxiliary loss", auxiliary.sizes())).sum(), network->auxiliary_weight());
  loss.backward();
  check_gradients(*network, golden["gradients"]);
  for (const NamedTensor& one : network->buffers())
    if (!one.name.ends_with(".gate"))
      check_close(one.tensor.dot(wave("statistics", one.tensor.sizes())).item<double>(),
                  golden["statistics"].at(one.name), one.tensor.abs().sum().item<double>(), one.name);
}

}  // namespace

BOOST_AUTO_TEST_CASE(lean_networks_equal_plain_torch) {
  std::ifstream file(test::source_dir() / "tests/golden/cell/forward.json");
  const Json golden = Json::parse(file);
  BOOST_TEST_REQUIRE(golden["cases"].size() == 4U);
  for (const auto& [name, one] : golden["cases"].items()) {
    BOOST_TEST_CONTEXT(name) {
      check_case(one, false);
      check_case(one, true);
    }
  }
}

}  // namespace dha::cell
