// The MobileNet space: published counts, networks equal to plain torch, decided as searched, searched by dha.ista.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <memory>

#include "dha/error.hpp"
#include "dha/nas/decided_gates.hpp"
#include "ista_searcher.hpp"
#include "space.hpp"
#include "support/complete_params.hpp"
#include "support/error_checks.hpp"
#include "support/fake_search_services.hpp"
#include "support/fake_stage.hpp"
#include "support/golden_networks.hpp"
#include "support/run_layer_graph.hpp"
#include "support/test_context.hpp"

namespace dha::mobilenet {
namespace {

using Json = test::GoldenJson;

struct TestSpace {
  TestSpace(const std::string& params, int64_t classes, int64_t channels, int64_t height, int64_t width)
      : context(std::make_unique<test::TestContext>()),
        space(std::make_unique<MobileNetSpace>(test::complete_params<MobileNetSpace>(params), *context)) {
    info.classes = classes;
    info.channels = channels;
    info.height = height;
    info.width = width;
    space->prepare(info);
  }
  MobileNetSpace* operator->() const { return space.get(); }

  at::Tensor images(int64_t batch) const {
    return at::empty({batch, info.channels, info.height, info.width}, at::kDouble)
        .normal_(0, 1, at::detail::createCPUGenerator(5));
  }

  DatasetInfo info;
  std::unique_ptr<test::TestContext> context;
  std::unique_ptr<MobileNetSpace> space;
};

constexpr const char* kTiny = R"({"width_multiplier": 0.25, "depths": [2, 1, 1, 2, 1, 1]})";

TestSpace tiny() { return TestSpace(kTiny, 5, 3, 12, 12); }

std::string architecture_of(const std::vector<std::string>& names) {
  Json json = Json::object();
  for (size_t i = 0; i < names.size(); ++i) json["block" + std::to_string(i)] = Json::array({names[i] + "@0"});
  return json.dump();
}

std::string uniform(const TestSpace& space, const std::string& name) {
  return architecture_of(std::vector<std::string>(space->choices().size(), name));
}

int64_t parameters(const Network& network) {
  int64_t count = 0;
  for (const NamedTensor& one : network.parameters()) count += one.tensor.numel();
  return count;
}

Gates scaled_gates(const Decisions& decisions) {
  Gates gates = nas::decided_gates(decisions, at::TensorOptions(at::kDouble));
  for (size_t i = 0; i < gates.choices.size(); ++i)
    gates.choices[i].weights = at::full({1}, 0.5 - 0.2 * static_cast<double>(i), at::kDouble).set_requires_grad(true);
  return gates;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mobilenet)

BOOST_AUTO_TEST_CASE(channels_are_multiples_of_8_within_a_tenth) {
  BOOST_TEST(scaled_channels(32, 1) == 32);
  BOOST_TEST(scaled_channels(24, 0.5) == 16);  // 8 would be below 90 % of 12
  BOOST_TEST(scaled_channels(16, 0.25) == 8);
  BOOST_TEST(scaled_channels(320, 1.4) == 448);
}

BOOST_AUTO_TEST_CASE(blocks_with_a_shortcut_may_be_left_out) {
  const TestSpace large("{}", 1000, 3, 224, 224);
  BOOST_TEST_REQUIRE(large->choices().size() == 21U);
  size_t with_zero = 0;
  for (const Choice& choice : large->choices()) {
    const bool has_zero = choice.candidates.back().operation == "zero";
    BOOST_TEST(choice.candidates.size() == (has_zero ? 7U : 6U));
    BOOST_TEST(choice.keep == 1);
    with_zero += has_zero ? 1 : 0;
  }
  BOOST_TEST(with_zero == 15U);
  BOOST_TEST(large->choices()[0].candidates.size() == 6U);
  BOOST_TEST(large->choices()[20].candidates.size() == 6U);
}

BOOST_AUTO_TEST_CASE(counts_equal_the_published_ones_and_plain_torch) {
  const TestSpace large("{}", 1000, 3, 224, 224);
  BOOST_TEST(large->cost(uniform(large, "mbconv_k3_e6")).at(quantity::kParameters) == 4684776);
  BOOST_TEST(large->cost(uniform(large, "mbconv_k7_e6")).at(quantity::kParameters) == 5103336);
  BOOST_TEST(large->cost(uniform(large, "mbconv_k3_e3")).at(quantity::kParameters) == 3191928);
  BOOST_TEST(parameters(*large->supernet(at::kFloat)) == 16034168);
  const Json golden = test::golden_network_file("mobilenet.json");
  BOOST_TEST_REQUIRE(golden["counts"].size() == 6U);
  for (const Json& row : golden["counts"]) {
    BOOST_TEST_CONTEXT(row.dump()) {
      const TestSpace space(Json{{"width_multiplier", row["settings"]["multiplier"]}}.dump(),
                            row["settings"]["classes"], 3, row["height"], row["width"]);
      const Quantities cost = space->cost(uniform(space, row["name"]));
      BOOST_TEST(cost.at(quantity::kParameters) == row["parameters"].get<double>());
      BOOST_TEST(cost.at(quantity::kMultiplyAdds) == row["multiply_adds"].get<double>());
    }
  }
}

BOOST_AUTO_TEST_CASE(networks_are_described_by_their_layers) {
  for (const int64_t side : {12, 13}) {
    const TestSpace space(kTiny, 5, 1, side, side);
    for (uint64_t seed = 0; seed < 5; ++seed) {
      const std::string text = space->sample(at::detail::createCPUGenerator(seed));
      const auto network = space->lean(text, at::kDouble);
      test::fill_by_name(*network);
      const at::NoGradGuard no_grad;
      for (const NamedTensor& buffer : network->buffers())
        if (buffer.name.ends_with(".gate")) buffer.tensor.fill_(-0.7);
      BOOST_TEST(test::distance_of_layers(*space.space, text, *network, space.images(2)) < 1e-12, text);
    }
  }
}

BOOST_AUTO_TEST_CASE(costs_are_sums_of_candidates) {
  const TestSpace space = tiny();
  const auto generator = at::detail::createCPUGenerator(4);
  std::string from = space->sample(generator);
  for (int i = 0; i < 30; ++i) {
    const std::string to = space->mutate(from, generator);
    const Decisions before = space->decisions(from), after = space->decisions(to);
    for (const char* quantity : {quantity::kParameters, quantity::kMultiplyAdds}) {
      double difference = 0;
      for (size_t c = 0; c < before.size(); ++c)
        difference += space->candidate_cost(static_cast<int64_t>(c), after[c][0]).at(quantity) -
                      space->candidate_cost(static_cast<int64_t>(c), before[c][0]).at(quantity);
      BOOST_TEST(space->cost(to).at(quantity) - space->cost(from).at(quantity) == difference);
    }
    BOOST_TEST(space->cost(to).at(quantity::kParameters) ==
               static_cast<double>(parameters(*space->lean(to, at::kFloat))));
    from = to;
  }
}

BOOST_AUTO_TEST_CASE(lean_networks_equal_plain_torch) {
  const Json golden = test::golden_network_file("mobilenet.json");
  BOOST_TEST_REQUIRE(golden["cases"].size() == 2U);
  for (const auto& [name, one] : golden["cases"].items()) {
    BOOST_TEST_CONTEXT(name) {
      const Json& settings = one["settings"];
      const Json params{{"width_multiplier", settings["multiplier"]},
                        {"depths", settings["depths"]},
                        {"stem_stride", settings["stem_stride"]},
                        {"strides", settings["strides"]}};
      const TestSpace space(params.dump(), settings["classes"], settings["image_channels"], one["shape"][2],
                            one["shape"][3]);
      const auto network = space->lean(architecture_of(one["names"]), at::kDouble);
      test::check_golden(*network, one);
    }
  }
}

BOOST_AUTO_TEST_CASE(decided_networks_continue_the_supernet) {
  const TestSpace space = tiny();
  const auto generator = at::detail::createCPUGenerator(8);
  const std::string with_zeros = architecture_of(
      {"mbconv_k3_e3", "zero", "mbconv_k5_e3", "mbconv_k3_e6", "mbconv_k7_e3", "zero", "mbconv_k3_e3", "mbconv_k3_e3"});
  for (const std::string& text : {with_zeros, space->sample(generator), space->sample(generator)}) {
    const auto supernet = space->supernet(at::kDouble);
    const auto lean = space->lean(text, at::kDouble);
    const Gates gates = scaled_gates(space->decisions(text));
    BOOST_TEST(space->carry_weights(*supernet, gates, *lean, CarryMode::kExact) ==
               static_cast<int64_t>(lean->parameters().size()));
    const at::Tensor images = space.images(4), expected = supernet->forward(images, gates).logits;
    BOOST_TEST(lean->forward(images, {}).logits.sub(expected).abs().max().item<double>() < 1e-10, text);
    expected.sum().backward();
    for (const ChoiceGates& choice : gates.choices) BOOST_TEST(choice.weights.grad().defined(), text);
    const std::vector<NamedTensor> decided = lean->parameters();
    for (const NamedTensor& one : supernet->parameters()) {
      const bool belongs =
          std::any_of(decided.begin(), decided.end(), [&](const NamedTensor& other) { return other.name == one.name; });
      if (!belongs) BOOST_TEST(!one.tensor.grad().defined(), one.name);
    }
  }
}

// As one block with four of seven candidates' numbers (ISTA-NAS with n = 7, m = 4, s = 1).
BOOST_AUTO_TEST_CASE(ista_searches_it) {
  const TestSpace space = tiny();
  test::FakeStage stage;
  ista::IstaSearcher two(test::complete_params<ista::IstaSearcher>(R"({"keep": 2})"), *space.context);
  BOOST_CHECK_EXCEPTION(two.attach(*space.space, stage), Error,
                        test::error_with(ErrorCode::kInvalidConfig, "remove 'keep'"));
  ista::IstaSearcher searcher(test::complete_params<ista::IstaSearcher>(R"({"learning_rate": 0.1})"), *space.context);
  searcher.attach(*space.space, stage);
  BOOST_TEST(searcher.code().size(1) == 4);
  const at::Tensor before = searcher.code().clone();
  Gates gates = searcher.gates({});
  for (ChoiceGates& choice : gates.choices) choice.weights = choice.weights.detach().clone().set_requires_grad(true);
  space->supernet(at::kDouble)->forward(space.images(4), gates).logits.square().sum().backward();
  SearchStep step;
  for (const ChoiceGates& choice : gates.choices) step.gate_gradients.active.push_back(choice.weights.grad());
  searcher.learn(step);
  BOOST_TEST(!searcher.code().equal(before));
  test::FakeSearchServices services;
  searcher.end_epoch(services);
  searcher.end_stage(services);
  space->validate(searcher.architecture());
}

BOOST_AUTO_TEST_CASE(drawings_are_chains_without_the_blocks_left_out) {
  const TestSpace space = tiny();
  const auto graphs = space->graphs(architecture_of({"mbconv_k3_e3", "zero", "mbconv_k5_e3", "mbconv_k3_e6",
                                                     "mbconv_k7_e3", "zero", "mbconv_k3_e3", "mbconv_k3_e3"}));
  BOOST_TEST_REQUIRE(graphs.size() == 1U);
  BOOST_TEST(graphs[0].nodes.size() == 8U);
  BOOST_TEST_REQUIRE(graphs[0].edges.size() == 7U);
  BOOST_TEST(graphs[0].edges[1].from == "block0");
  BOOST_TEST(graphs[0].edges[1].to == "block2");
  BOOST_TEST(graphs[0].edges[1].label == "mbconv_k5_e3");
}

BOOST_AUTO_TEST_CASE(architectures_of_other_spaces_are_refused) {
  const TestSpace space = tiny();
  BOOST_CHECK_EXCEPTION(space->validate(R"({"block0": ["mbconv_k9_e6@0"]})"), Error,
                        test::error_with(ErrorCode::kInvalidParameter, "'mbconv_k9_e6@0' for choice 'block0'"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha::mobilenet
