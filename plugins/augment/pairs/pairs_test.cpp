#include <ATen/TensorOperators.h>
#include <ATen/ops/bincount.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>

#include <boost/test/unit_test.hpp>

#include "random_pairs.hpp"
#include "support/test_context.hpp"
#include "tau.hpp"

namespace {

using namespace dha;
using namespace dha::pairs;

DatasetInfo info_of(int64_t channels, int64_t side) {
  DatasetInfo info;
  info.classes = 10;
  info.channels = channels;
  info.height = info.width = side;
  info.mean.assign(channels, 0.5);
  return info;
}

template <class Component>
Params defaults(const std::string& given = "{}") {
  const ParamCheck check = check_params(Component::schema().json_text(), given);
  BOOST_REQUIRE(check.problems.empty());
  return Params(check.completed);
}

at::Tensor images(int64_t count, int64_t channels, int64_t side) {
  return at::randint(256, {count, channels, side, side}, at::detail::createCPUGenerator(5), at::kByte);
}

BOOST_AUTO_TEST_SUITE(pairs)

BOOST_AUTO_TEST_CASE(shape_and_determinism) {
  for (const int64_t channels : {1, 3})
    for (const int64_t side : {1, 7, 32}) {
      const at::Tensor input = images(40, channels, side);
      const at::Tensor copy = input.clone();
      test::TestContext first(3), second(3), other(4);
      RandomPairs a(defaults<RandomPairs>(), first), b(defaults<RandomPairs>(), second),
          c(defaults<RandomPairs>(), other);
      for (RandomPairs* augmenter : {&a, &b, &c}) augmenter->prepare(info_of(channels, side));
      const Augmented result = a.apply(input, at::zeros({40}, at::kLong));
      BOOST_TEST(result.images.sizes().vec() == input.sizes().vec());
      BOOST_TEST(at::equal(input, copy));
      BOOST_TEST(at::equal(result.images, b.apply(input, {}).images));
      if (side == 32) BOOST_TEST(!at::equal(result.images, c.apply(input, {}).images));
    }
}

BOOST_AUTO_TEST_CASE(empty_batch) {
  test::TestContext context;
  Tau tau(defaults<Tau>(), context);
  tau.prepare(info_of(3, 8));
  const Augmented result = tau.apply(images(0, 3, 8), at::zeros({0}, at::kLong));
  tau.learn(result.record, at::zeros({0}));
  BOOST_TEST(result.images.size(0) == 0);
}

// Pearson's statistic of 196 cells has mean 195 and SD 19.7 where the pairs are uniform.
BOOST_AUTO_TEST_CASE(pairs_are_uniform_at_the_start) {
  for (const char* sampling : {"categorical"}) {
    test::TestContext context(11);
    Tau tau(defaults<Tau>(std::string(R"({"sampling": ")") + sampling + "\"}"), context);
    tau.prepare(info_of(1, 1));
    const int64_t count = 196 * 200;
    const at::Tensor counts = at::bincount(tau.apply(images(count, 1, 1), {}).record, {}, kPairCount).to(at::kDouble);
    const double statistic = (counts - 200).square().sum().item().toDouble() / 200;
    BOOST_TEST(statistic > 195 - 5 * 19.7);
    BOOST_TEST(statistic < 195 + 5 * 19.7);
  }
}

// The closed form against autograd, in double, with momentum and weight decay as torch.optim.SGD has them.
BOOST_AUTO_TEST_CASE(gradient_equals_autograd) {
  test::TestContext context(2);
  Tau tau(defaults<Tau>(R"({"learning_rate": 10, "momentum": 0.9, "weight_decay": 0.01, "entropy_floor": 4})"),
          context);
  at::Tensor logits = tau.state().tensors.at("logits").clone();
  at::Tensor velocity = at::zeros({kPairCount}, at::kDouble);
  for (int step = 0; step < 5; ++step) {
    const at::Tensor record = at::randint(kPairCount, {64}, context.generator(), at::kLong);
    const at::Tensor losses = at::randint(1000, {64}, context.generator(), at::kDouble) / 250;
    at::Tensor leaf = logits.detach().clone().requires_grad_(true);
    // The mixture's share does not depend on the logits, so P = (1 - share) softmax + share / 196.
    const at::Tensor before = tau.probabilities();
    const at::Tensor softmax = at::softmax(leaf, 0);
    const double share = 1 - (before.max() - before.min()).item().toDouble() /
                                 std::max(1e-30, (softmax.max() - softmax.min()).item().toDouble());
    const double mixed = step == 0 ? 0 : share;
    if (step > 0) {
      (-(losses * (softmax * (1 - mixed)).index_select(0, record))).mean().backward();
      const at::Tensor gradient = leaf.grad() + 0.01 * logits;
      velocity = 0.9 * velocity + gradient;
      logits = logits - 10 * (gradient + 0.9 * velocity);
      tau.learn(record, losses);
      BOOST_TEST((tau.state().tensors.at("logits") - logits).abs().max().item().toDouble() < 1e-9);
    } else {
      tau.learn(record, losses * 40);
      logits = tau.state().tensors.at("logits").clone();
      velocity = tau.state().tensors.at("velocity").clone();
    }
  }
}

BOOST_AUTO_TEST_CASE(entropy_keeps_its_floor) {
  test::TestContext context(2);
  Tau tau(defaults<Tau>(R"({"learning_rate": 1000, "weight_decay": 0, "entropy_floor": 3})"), context);
  tau.prepare(info_of(1, 1));
  for (int step = 0; step < 300; ++step) {
    const at::Tensor record = tau.apply(images(64, 1, 1), {}).record;
    tau.learn(record, record.eq(17).to(at::kDouble) * 5 + 1);
  }
  const at::Tensor probability = tau.probabilities();
  BOOST_TEST(-(probability * probability.log()).sum().item().toDouble() >= 3 - 1e-9);
  BOOST_TEST(probability.argmax().item().toLong() == 17);
}

BOOST_AUTO_TEST_CASE(state_goes_on_with_the_same_bits) {
  test::TestContext context(2), again(2);
  Tau tau(defaults<Tau>(), context), other(defaults<Tau>(), again);
  const at::Tensor record = at::randint(kPairCount, {64}, context.generator(), at::kLong);
  tau.learn(record, record.to(at::kDouble));
  other.restore(tau.state());
  for (Tau* learner : {&tau, &other}) learner->learn(record, record.to(at::kDouble));
  BOOST_TEST(at::equal(tau.state().tensors.at("logits"), other.state().tensors.at("logits")));
  BOOST_TEST(tau.policy() == other.policy());
}

BOOST_AUTO_TEST_CASE(operations_by_name) {
  ImageCode code;
  const at::Tensor input = images(2, 3, 9);
  BOOST_TEST(code.names().size() == 14u);
  BOOST_TEST(at::equal(code.apply(input, {.name = "identity"}), input));
  BOOST_TEST(at::equal(code.apply(input, {.name = "solarize", .level = 0}), 255 - input));
  BOOST_TEST(at::equal(code.apply(input, {.name = "posterize", .level = 8}), input.bitwise_and(0xf0)));
  BOOST_CHECK_THROW(code.apply(input, {.name = "shear"}), Error);
  BOOST_CHECK_THROW(code.apply(input, {.name = "rotate", .level = 8.5}), Error);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
