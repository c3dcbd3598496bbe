// Networks of the NAS-Bench-201 space: equal to plain torch, decided as searched, and searched by dha.ista.
#include <boost/test/unit_test.hpp>

#include "dha/error.hpp"
#include "dha/nas/decided_gates.hpp"
#include "ista_searcher.hpp"
#include "support/error_checks.hpp"
#include "support/fake_search_services.hpp"
#include "support/fake_stage.hpp"
#include "support/golden_networks.hpp"
#include "support/run_layer_graph.hpp"
#include "test_space.hpp"

namespace dha::nb201 {
namespace {

constexpr const char* kSmall = R"({"channels": 4, "cells": 1})";

Gates scaled_gates(const Decisions& decisions) {
  Gates gates = nas::decided_gates(decisions, at::TensorOptions(at::kDouble));
  for (size_t i = 0; i < gates.choices.size(); ++i)
    gates.choices[i].weights = at::full({1}, 0.5 + 0.3 * static_cast<double>(i), at::kDouble).set_requires_grad(true);
  return gates;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(nb201_network)

BOOST_AUTO_TEST_CASE(lean_networks_equal_plain_torch) {
  const test::GoldenJson golden = test::golden_network_file("nb201.json");
  BOOST_TEST_REQUIRE(golden["cases"].size() == 3U);
  for (const auto& [name, one] : golden["cases"].items()) {
    BOOST_TEST_CONTEXT(name) {
      const auto& settings = one["settings"];
      const test::GoldenJson params{
          {"channels", settings["channels"]}, {"cells", settings["cells"]}, {"extra_batch_norm", settings["extra"]}};
      const TestSpace space(params.dump(), settings["classes"], settings["image_channels"], one["shape"][2],
                            one["shape"][3]);
      const auto network = space->lean(architecture_of(one["cell"]), at::kDouble);
      test::check_golden(*network, one);
    }
  }
}

// Among the samples are cells whose output no operation reaches.
BOOST_AUTO_TEST_CASE(networks_are_described_by_their_layers) {
  for (const bool extra : {false, true}) {
    const TestSpace space(extra ? R"({"channels": 4, "cells": 1, "extra_batch_norm": true})" : kSmall, 5, 3, 9, 11);
    std::vector<std::string> architectures{architecture_of("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"),
                                           architecture_of("|none~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|")};
    for (uint64_t seed = 0; seed < 10; ++seed)
      architectures.push_back(space->sample(at::detail::createCPUGenerator(seed)));
    for (const std::string& text : architectures) {
      const auto network = space->lean(text, at::kDouble);
      test::fill_by_name(*network);
      const at::NoGradGuard no_grad;
      for (const NamedTensor& buffer : network->buffers())
        if (buffer.name.ends_with(".gate"))
          buffer.tensor.fill_(buffer.name.find("from0") == std::string::npos ? -1.2 : 0.8);
      BOOST_TEST(test::distance_of_layers(*space.space, text, *network, space.images(2)) < 1e-12, text);
    }
  }
}

BOOST_AUTO_TEST_CASE(decided_networks_continue_the_supernet) {
  for (const char* affine : {"frozen_until_decided", "trained", "none"}) {
    const TestSpace space(std::string(R"({"channels": 4, "cells": 2, "candidate_affine": ")") + affine + R"("})", 5, 3,
                          8, 8);
    const auto generator = at::detail::createCPUGenerator(8);
    for (int i = 0; i < 5; ++i) {
      const std::string text = space->sample(generator);
      const auto supernet = space->supernet(at::kDouble);
      const auto lean = space->lean(text, at::kDouble);
      const Gates gates = scaled_gates(space->decisions(text));
      const int64_t carried = space->carry_weights(*supernet, gates, *lean, CarryMode::kExact);
      BOOST_TEST(carried == static_cast<int64_t>(lean->parameters().size()));
      const at::Tensor images = space.images(4), expected = supernet->forward(images, gates).logits;
      BOOST_TEST(lean->forward(images, {}).logits.sub(expected).abs().max().item<double>() < 1e-10, text);
      expected.sum().backward();
      for (const ChoiceGates& choice : gates.choices) BOOST_TEST(choice.weights.grad().defined(), text);
    }
  }
}

BOOST_AUTO_TEST_CASE(only_active_candidates_train) {
  const TestSpace space(kSmall, 5, 3, 8, 8);
  const auto supernet = space->supernet(at::kDouble);
  const Decisions decisions{{3}, {1}, {0}, {2}, {4}, {0}};
  Gates gates = scaled_gates(decisions);
  gates.choices[0].frozen = false;
  supernet->forward(space.images(2), gates).logits.sum().backward();
  for (const NamedTensor& one : supernet->parameters()) {
    const bool is_candidate = one.name.starts_with("cells.");
    const bool is_active = one.name.find("node1.from0.nor_conv_3x3.conv") != one.name.npos ||
                           one.name.find("node3.from0.nor_conv_1x1.") != one.name.npos;
    BOOST_TEST(one.tensor.grad().defined() == (!is_candidate || is_active), one.name);
  }
}

// Coding five candidates, one kept, in three numbers.
BOOST_AUTO_TEST_CASE(ista_searches_it) {
  const TestSpace space(kSmall, 5, 3, 8, 8);
  test::FakeStage stage;
  ista::IstaSearcher two(test::complete_params<ista::IstaSearcher>(R"({"keep": 2})"), *space.context);
  BOOST_CHECK_EXCEPTION(two.attach(*space.space, stage), Error,
                        test::error_with(ErrorCode::kInvalidConfig, "remove 'keep'"));
  ista::IstaSearcher searcher(test::complete_params<ista::IstaSearcher>(R"({"learning_rate": 0.1})"), *space.context);
  searcher.attach(*space.space, stage);
  BOOST_TEST(searcher.code().size(1) == 3);
  const auto supernet = space->supernet(at::kDouble);
  const at::Tensor before = searcher.code().clone();
  Gates gates = searcher.gates({});
  for (ChoiceGates& choice : gates.choices) {
    BOOST_TEST(choice.active.size() == 1U);
    choice.weights = choice.weights.detach().clone().set_requires_grad(true);
  }
  supernet->forward(space.images(4), gates).logits.square().sum().backward();
  SearchStep step;
  for (const ChoiceGates& choice : gates.choices) step.gate_gradients.active.push_back(choice.weights.grad());
  searcher.learn(step);
  BOOST_TEST(!searcher.code().equal(before));
  test::FakeSearchServices services;
  searcher.end_epoch(services);
  searcher.end_stage(services);
  BOOST_TEST(searcher.finished());
  space->validate(searcher.architecture());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha::nb201
