// The dropout after skip connections: its schedule, its masks, and the passes and networks that have it.
#include <ATen/ops/ones.h>

#include <boost/test/unit_test.hpp>
#include <cmath>

#include "test_space.hpp"

namespace dha::cell {

namespace {

Progress in_epoch(int64_t epoch) { return {epoch, 25, 0, 10}; }

// Every node of three cells keeps two skips, or two pools in the reduction cell; the first normal cell reads the stem.
const std::string kSkips = R"("operations": ["skip_connect", "avg_pool_3x3"], "auxiliary_weight": 0)";
const Decisions kNormalSkips{{0, 2}, {0, 2}, {0, 2}, {1, 3}, {1, 3}, {1, 3}};
// In the reduction cell each node skips from both inputs of the cell, with stride 2.
const Decisions kStridedSkips{{1, 3}, {1, 3}, {1, 3}, {0, 2}, {0, 2}, {0, 2}};

struct Passes {
  explicit Passes(const std::string& rate)
      : info(image_set(5, 16)), space(small_space(kSkips + ", \"skip_dropout\": " + rate), info) {
    images = random_images(2, info, at::kDouble);
  }

  // Whether two passes differ, as they do by their masks alone.
  bool draws(Network& network, const Gates& gates, const NetworkMode& mode) const {
    network.set_mode(mode);
    return !network.forward(images, gates).logits.equal(network.forward(images, gates).logits);
  }

  DatasetInfo info;
  TestSpace space;
  at::Tensor images;
};

}  // namespace

// The rates of P-DARTS's public code for 25 epochs, 10 of them without architecture steps.
BOOST_AUTO_TEST_CASE(the_rate_falls_linearly_and_then_exponentially) {
  const SkipDropoutSchedule schedule{0.4, 10, 0.2};
  const auto close = boost::test_tools::tolerance(1e-14);
  BOOST_TEST(schedule.rate(in_epoch(0)) == 0.4 * 24 / 25, close);
  BOOST_TEST(schedule.rate(in_epoch(9)) == 0.4 * 15 / 25, close);
  BOOST_TEST(schedule.rate(in_epoch(10)) == 0.4, close);
  BOOST_TEST(schedule.rate(in_epoch(24)) == 0.4 * std::exp(-2.8), close);
  BOOST_TEST((SkipDropoutSchedule{0, 10, 0.2}.rate(in_epoch(3))) == 0);
}

BOOST_AUTO_TEST_CASE(elements_are_dropped_and_the_others_scaled) {
  const at::Tensor x = at::ones({4, 5, 20, 20}, at::kDouble).set_requires_grad(true);
  const at::Tensor dropped = drop_elements(x, 0.3, at::detail::createCPUGenerator(2));
  const double share = dropped.eq(0).to(at::kDouble).mean().item<double>();
  BOOST_TEST(std::abs(share - 0.3) < 4 * std::sqrt(0.21 / 8000));
  BOOST_TEST(dropped.masked_select(dropped.ne(0)).sub(1 / 0.7).abs().max().item<double>() < 1e-14);
  dropped.sum().backward();
  BOOST_TEST(x.grad().equal(dropped.detach()));
}

BOOST_AUTO_TEST_CASE(only_training_passes_of_a_supernet_drop_plain_skips) {
  Passes passes("0.5");
  const auto supernet = passes.space->supernet(at::kDouble);
  const Gates skips = decided_gates(kNormalSkips, at::kDouble, false),
              strided = decided_gates(kStridedSkips, at::kDouble, false);
  const NetworkMode rewards{true, false, 0, false}, architecture_step{true, false, 0, true};
  BOOST_TEST(!passes.draws(*supernet, skips, kTraining));  // no epoch has begun
  supernet->begin_epoch(in_epoch(0));
  BOOST_TEST(passes.draws(*supernet, skips, kTraining));
  BOOST_TEST(passes.draws(*supernet, skips, architecture_step));
  BOOST_TEST(!passes.draws(*supernet, skips, rewards));
  BOOST_TEST(!passes.draws(*supernet, skips, kEvaluation));
  BOOST_TEST(!passes.draws(*supernet, strided, kTraining));
  const auto lean = passes.space->lean(passes.space->architecture(kNormalSkips), at::kDouble);
  lean->begin_epoch(in_epoch(0));
  BOOST_TEST(!passes.draws(*lean, {}, kTraining));
}

BOOST_AUTO_TEST_CASE(steps_with_a_rate_by_epoch_cannot_be_replayed) {
  BOOST_TEST((Passes("0.5").space->capability(Replay::kCapability) == nullptr));
  BOOST_TEST((Passes("0").space->capability(Replay::kCapability) != nullptr));
}

}  // namespace dha::cell
