#include <ATen/TensorOperators.h>
#include <ATen/ops/bincount.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/multinomial.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

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

// Pearson's statistic of `draws` pairs against the uniform distribution: mean 195 and SD 19.7 where that is the law.
double statistic_of(const at::Tensor& pairs) {
  const double expected = static_cast<double>(pairs.numel()) / kPairCount;
  const at::Tensor counts = at::bincount(pairs, {}, kPairCount).to(at::kDouble);
  return (counts - expected).square().sum().item().toDouble() / expected;
}

template <class Component>
void check_uniform_pairs() {
  test::TestContext context(11);
  Component augmenter(defaults<Component>(), context);
  augmenter.prepare(info_of(1, 1));
  const at::Tensor pairs = augmenter.apply(images(kPairCount * 200, 1, 1), {}).record;
  BOOST_TEST(statistic_of(pairs) > 195 - 5 * 19.7);
  BOOST_TEST(statistic_of(pairs) < 195 + 5 * 19.7);
  const at::Tensor counts = at::bincount(pairs, {}, kPairCount).view({kOperationCount, kOperationCount});
  BOOST_TEST(counts.sum(0).gt(0).all().item().toBool());
  BOOST_TEST(counts.sum(1).gt(0).all().item().toBool());
}

BOOST_AUTO_TEST_CASE(pairs_are_uniform_at_the_start) {
  check_uniform_pairs<Tau>();
  check_uniform_pairs<RandomPairs>();
}

BOOST_AUTO_TEST_CASE(draws_are_those_of_multinomial) {
  for (const double spread : {0.0, 1.0, 30.0}) {
    test::TestContext context(21), other(21);
    Tau tau(defaults<Tau>(), context);
    tau.prepare(info_of(1, 1));
    const at::Tensor logits = at::randn({kPairCount}, at::detail::createCPUGenerator(7), at::kDouble) * spread;
    tau.restore({{{"logits", logits}, {"velocity", at::zeros_like(logits)}}, "{}"});
    const at::Tensor drawn = tau.apply(images(5000, 1, 1), {}).record;
    BOOST_TEST(at::equal(drawn, at::multinomial(at::softmax(logits, 0), 5000, true, other.generator())));
  }
}

// Noise that is drawn anew each step favours some pairs within a step, and none over many.
BOOST_AUTO_TEST_CASE(gumbel_noise_is_anew_each_step) {
  test::TestContext context(12);
  Tau tau(defaults<Tau>(R"({"sampling": "gumbel"})"), context);
  tau.prepare(info_of(1, 1));
  std::vector<at::Tensor> steps;
  for (int step = 0; step < kPairCount * 20; ++step) steps.push_back(tau.apply(images(1, 1, 1), {}).record);
  const double marginal = statistic_of(at::cat(steps));
  BOOST_TEST(marginal > 195 - 5 * 19.7);
  BOOST_TEST(marginal < 195 + 5 * 19.7);
  BOOST_TEST(statistic_of(tau.apply(images(kPairCount * 20, 1, 1), {}).record) > 2 * 195);
}

// At level 0 of the paper's mapping nothing but the pair is random.
BOOST_AUTO_TEST_CASE(record_names_what_each_image_got) {
  test::TestContext context(13);
  RandomPairs augmenter(defaults<RandomPairs>(R"({"magnitude_max": 0})"), context);
  augmenter.prepare(info_of(3, 6));
  const at::Tensor input = images(kPairCount * 4, 3, 6);
  const Augmented result = augmenter.apply(input, {});
  const ImageCode code(Mapping::kPaper);
  for (int64_t i = 0; i < input.size(0); ++i) {
    const int64_t pair = result.record[i].item().toLong();
    const at::Tensor first = code.apply(input.slice(0, i, i + 1), {.name = code.names()[pair / kOperationCount]});
    const at::Tensor both = code.apply(first, {.name = code.names()[pair % kOperationCount]});
    BOOST_TEST_REQUIRE(at::equal(result.images.slice(0, i, i + 1), both));
  }
}

// brightness multiplies by 0.1 + 1.8 level / 8, so a plain image shows the level that was drawn.
BOOST_AUTO_TEST_CASE(levels_are_uniform_and_end_at_the_maximum) {
  test::TestContext context(14);
  RandomPairs augmenter(defaults<RandomPairs>(R"({"magnitude_max": 4})"), context);
  augmenter.prepare(info_of(1, 1));
  const at::Tensor input = at::full({kPairCount * 400, 1, 1, 1}, 200, at::kByte);
  const Augmented result = augmenter.apply(input, {});
  const int64_t brightness_only = 7 * kOperationCount + 13;
  const at::Tensor values = result.images.flatten().masked_select(result.record.eq(brightness_only)).to(at::kDouble);
  const double mean = values.mean().item().toDouble();  // 109.5 with SD 52 / sqrt(400)
  BOOST_TEST(mean > 109.5 - 5 * 2.6);
  BOOST_TEST(mean < 109.5 + 5 * 2.6);
  BOOST_TEST(values.min().item().toDouble() >= 20);
  BOOST_TEST(values.max().item().toDouble() <= 200);
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
  const ImageCode code(Mapping::kPaper);
  const at::Tensor input = images(2, 3, 9);
  BOOST_TEST(code.names().size() == 14u);
  BOOST_TEST(at::equal(code.apply(input, {.name = "identity"}), input));
  BOOST_TEST(at::equal(code.apply(input, {.name = "solarize", .level = 0}), 255 - input));
  BOOST_TEST(at::equal(code.apply(input, {.name = "posterize", .level = 8}), input.bitwise_and(0xf0)));
  BOOST_CHECK_THROW(code.apply(input, {.name = "shear"}), Error);
  BOOST_CHECK_THROW(code.apply(input, {.name = "rotate", .level = 8.5}), Error);
  BOOST_CHECK_THROW(code.apply(input, {.name = "rotate", .level = 1, .sign = 2}), Error);
}

BOOST_AUTO_TEST_CASE(operations_follow_the_mapping) {
  test::TestContext context;
  Tau tau(defaults<Tau>(R"({"mapping": "strength"})"), context);
  const auto* code = static_cast<const ImageOperations*>(tau.capability(ImageOperations::kCapability));
  BOOST_TEST_REQUIRE(code != nullptr);
  BOOST_TEST(tau.capability("dha.image_operations/2") == nullptr);
  const at::Tensor input = images(2, 3, 9);
  for (const std::string& name : code->names()) BOOST_TEST(at::equal(code->apply(input, {.name = name}), input));
  BOOST_TEST(at::equal(code->apply(input, {.name = "solarize", .level = 8}), 255 - input));
  BOOST_TEST(at::equal(code->apply(input, {.name = "posterize", .level = 8}), input.bitwise_and(0x80)));
}

void check_refused(const at::Tensor& wrong) {
  test::TestContext context;
  RandomPairs augmenter(defaults<RandomPairs>(), context);
  augmenter.prepare(info_of(3, 9));
  const auto is_contract_violation = [](const Error& error) { return error.code() == ErrorCode::kContractViolation; };
  BOOST_CHECK_EXCEPTION(augmenter.apply(wrong, {}), Error, is_contract_violation);
  BOOST_CHECK_EXCEPTION(ImageCode(Mapping::kPaper).apply(wrong, {.name = "rotate"}), Error, is_contract_violation);
}

BOOST_AUTO_TEST_CASE(other_tensors_are_refused) {
  check_refused(images(2, 3, 9).to(at::kFloat));
  check_refused(images(2, 2, 9));
  check_refused(images(2, 4, 9));
  check_refused(images(2, 3, 9)[0]);
  check_refused(at::zeros({2, 3, 0, 9}, at::kByte));
}

BOOST_AUTO_TEST_CASE(mean_is_needed_unless_a_fill_is_given) {
  test::TestContext context;
  RandomPairs by_mean(defaults<RandomPairs>(), context), by_fill(defaults<RandomPairs>(R"({"fill": [9]})"), context);
  BOOST_CHECK_THROW(by_mean.prepare({}), Error);
  BOOST_CHECK_NO_THROW(by_fill.prepare({}));
  DatasetInfo info = info_of(3, 9);
  info.mean = {0.5, 0.5, 1.5};
  BOOST_CHECK_THROW(by_mean.prepare(info), Error);
}

BOOST_AUTO_TEST_CASE(policies_have_one_shape) {
  test::TestContext context;
  const RandomPairs fixed(defaults<RandomPairs>(), context);
  const Tau tau(defaults<Tau>(), context);
  const auto policy = nlohmann::json::parse(fixed.policy()), learned = nlohmann::json::parse(tau.policy());
  BOOST_TEST(policy["probabilities"].size() == 14u);
  for (const auto& row : policy["probabilities"]) BOOST_TEST((row == std::vector<double>(14, 1.0 / 196)));
  BOOST_TEST(policy["entropy"].get<double>() == std::log(196), boost::test_tools::tolerance(1e-12));
  for (const auto& [name, value] : learned.items())
    BOOST_TEST((policy.contains(name) && policy[name].size() == value.size()), name);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
