#include <ATen/TensorOperators.h>
#include <ATen/ops/bincount.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/multinomial.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>

#include "random_pairs.hpp"
#include "support/chi_square.hpp"
#include "support/fake_stage.hpp"
#include "support/test_context.hpp"
#include "tau.hpp"

namespace {

using namespace dha;
using namespace dha::pairs;

struct ImageStage : test::FakeStage {
  ImageStage(int64_t channels, int64_t side) {
    info.channels = channels;
    info.height = info.width = side;
    info.mean.assign(static_cast<size_t>(channels), 0.5);
  }
};

// Lives as long as the program.
const Stage& stage_of(int64_t channels, int64_t side) {
  static std::map<std::pair<int64_t, int64_t>, ImageStage> made;
  return made.try_emplace({channels, side}, channels, side).first->second;
}

template <class Component>
Params defaults(const std::string& given = "{}") {
  const ParamCheck check = check_params(Component::schema().json_text(), given);
  BOOST_REQUIRE(check.problems.empty());
  return Params(check.completed);
}

at::Tensor random_images(int64_t count, int64_t channels, int64_t side) {
  return at::randint(256, {count, channels, side, side}, at::detail::createCPUGenerator(5), at::kByte);
}

void set_logits(Tau& tau, const at::Tensor& logits) {
  tau.restore({{{"logits", logits}, {"velocity", at::zeros({kPairCount}, at::kDouble)}}, "{}"}, RestoreReason::kResume);
}

at::Tensor random_logits(double spread, uint64_t seed) {
  return at::randn({kPairCount}, at::detail::createCPUGenerator(seed), at::TensorOptions(at::kDouble)) * spread;
}

images::NamedOperations dha_operations() {
  return {images::LevelScale::kPaper, {kOperations.begin(), kOperations.end()}};
}

BOOST_AUTO_TEST_SUITE(pairs)

BOOST_AUTO_TEST_CASE(shape_and_determinism) {
  for (const int64_t channels : {1, 3})
    for (const int64_t side : {1, 7, 32}) {
      const at::Tensor input = random_images(40, channels, side);
      const at::Tensor copy = input.clone();
      test::TestContext first(3), second(3), other(4);
      RandomPairs a(defaults<RandomPairs>(), first), b(defaults<RandomPairs>(), second),
          c(defaults<RandomPairs>(), other);
      for (RandomPairs* augmenter : {&a, &b, &c}) augmenter->prepare(stage_of(channels, side));
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
  tau.prepare(stage_of(3, 8));
  const Augmented result = tau.apply(random_images(0, 3, 8), at::zeros({0}, at::kLong));
  tau.learn(result.record, at::zeros({0}));
  BOOST_TEST(result.images.size(0) == 0);
}

std::vector<double> values_of(const at::Tensor& tensor) {
  const at::Tensor values = tensor.to(at::kDouble).contiguous();
  return {values.const_data_ptr<double>(), values.const_data_ptr<double>() + values.numel()};
}

// Against the uniform distribution: mean 195 and SD 19.7 where that is the law.
double statistic_of(const at::Tensor& pairs) {
  return test::chi_square(values_of(at::bincount(pairs, {}, kPairCount)));
}

template <class Component>
void check_uniform_pairs() {
  test::TestContext context(11);
  Component augmenter(defaults<Component>(), context);
  augmenter.prepare(stage_of(1, 1));
  const at::Tensor pairs = augmenter.apply(random_images(kPairCount * 200, 1, 1), {}).record;
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

// Below the 99.9 % quantile if P is the law, with and without a share of the uniform distribution in it.
BOOST_AUTO_TEST_CASE(pairs_are_drawn_by_their_probability) {
  constexpr int64_t kDraws = kPairCount * 1500;
  for (const char* params : {"{}", R"({"entropy_floor": 5})"}) {
    test::TestContext context(21);
    Tau tau(defaults<Tau>(params), context);
    set_logits(tau, random_logits(1, 3));
    tau.prepare(stage_of(1, 1));
    const at::Tensor expected = tau.probabilities() * static_cast<double>(kDraws);
    BOOST_TEST_REQUIRE(expected.min().item().toDouble() > 5);
    const at::Tensor drawn = tau.apply(random_images(kDraws, 1, 1), {}).record;
    BOOST_TEST(test::chi_square(values_of(at::bincount(drawn, {}, kPairCount)), values_of(expected)) <
               test::chi_square_limit(kPairCount));
  }
}

// The grey that brightness makes of 100 at the level that was drawn: 10 + 22.5 level, truncated. `position` is
// that of brightness in its pair with the identity.
std::vector<double> grey_counts(double magnitude_max, int position) {
  constexpr int64_t kBrightness = 7, kIdentity = 13, kDraws = 40000;
  const int64_t pair =
      position == 0 ? kBrightness * kOperationCount + kIdentity : kIdentity * kOperationCount + kBrightness;
  test::TestContext context(22);
  at::Tensor logits = at::zeros({kPairCount}, at::kDouble);
  logits[pair] = 1e4;
  Tau tau(defaults<Tau>(R"({"magnitude_max": )" + std::to_string(magnitude_max) + "}"), context);
  set_logits(tau, logits);
  tau.prepare(stage_of(1, 1));
  const Augmented result = tau.apply(at::full({kDraws, 1, 1, 1}, 100, at::kByte), {});
  BOOST_TEST_REQUIRE(result.record.eq(pair).all().item().toBool());
  return values_of(at::bincount(result.images.flatten().to(at::kLong), {}, 256));
}

BOOST_AUTO_TEST_CASE(levels_are_drawn_uniformly_and_clipped_to_the_largest) {
  for (const int position : {0, 1}) {
    // Up to level 4, every grey from 10 to 99 is as likely as the next.
    const std::vector<double> up_to_4 = grey_counts(4, position);
    const std::vector<double> seen(up_to_4.begin() + 10, up_to_4.begin() + 100);
    BOOST_TEST(std::accumulate(seen.begin(), seen.end(), 0.0) == 40000);
    BOOST_TEST(test::chi_square(seen) < test::chi_square_limit(seen.size()));
    // Of [0, 10], a fifth is clipped to 8, which makes 190; the rest is even from 10 to 189.
    std::vector<double> up_to_10 = grey_counts(10, position);
    const std::vector<double> clipped(up_to_10.begin() + 10, up_to_10.begin() + 191);
    std::vector<double> expected(181, 0.8 / 180 * 40000);
    expected.back() = 0.2 * 40000;
    BOOST_TEST(std::accumulate(clipped.begin(), clipped.end(), 0.0) == 40000);
    BOOST_TEST(test::chi_square(clipped, expected) < test::chi_square_limit(clipped.size()));
  }
}

BOOST_AUTO_TEST_CASE(draws_are_those_of_multinomial) {
  for (const double spread : {0.0, 1.0, 30.0}) {
    test::TestContext context(21), other(21);
    Tau tau(defaults<Tau>(), context);
    tau.prepare(stage_of(1, 1));
    const at::Tensor logits = at::randn({kPairCount}, at::detail::createCPUGenerator(7), at::kDouble) * spread;
    set_logits(tau, logits);
    const at::Tensor drawn = tau.apply(random_images(5000, 1, 1), {}).record;
    BOOST_TEST(at::equal(drawn, at::multinomial(at::softmax(logits, 0), 5000, true, other.generator())));
  }
}

// The formula in tensors, on a generator that is where tau's is.
BOOST_AUTO_TEST_CASE(gumbel_draws_are_those_of_multinomial) {
  test::TestContext context(21), other(21);
  Tau tau(defaults<Tau>(R"({"sampling": "gumbel", "temperature": 0.7})"), context);
  tau.prepare(stage_of(1, 1));
  set_logits(tau, random_logits(3, 4));
  for (const int64_t count : {5000, 96}) {
    const at::Tensor uniform = at::rand({kPairCount}, other.generator(), at::kDouble).clamp_min(1e-300);
    const at::Tensor noise = -(-uniform.log()).clamp_min(1e-300).log();
    const at::Tensor weights = at::softmax((tau.probabilities().log() + noise) / 0.7, 0);
    const at::Tensor drawn = tau.apply(random_images(count, 1, 1), {}).record;
    BOOST_TEST(at::equal(drawn, at::multinomial(weights, count, true, other.generator())));
    at::rand({count, 2}, other.generator(), at::kDouble);  // levels, signs and resampling
  }
}

// Noise that is drawn anew each step favours some pairs within a step, and none over many.
BOOST_AUTO_TEST_CASE(gumbel_noise_is_anew_each_step) {
  test::TestContext context(12);
  Tau tau(defaults<Tau>(R"({"sampling": "gumbel"})"), context);
  tau.prepare(stage_of(1, 1));
  std::vector<at::Tensor> steps;
  for (int step = 0; step < kPairCount * 20; ++step) steps.push_back(tau.apply(random_images(1, 1, 1), {}).record);
  const double marginal = statistic_of(at::cat(steps));
  BOOST_TEST(marginal > 195 - 5 * 19.7);
  BOOST_TEST(marginal < 195 + 5 * 19.7);
  BOOST_TEST(statistic_of(tau.apply(random_images(kPairCount * 20, 1, 1), {}).record) > 2 * 195);
}

// At level 0 of the paper's mapping nothing but the pair is random.
BOOST_AUTO_TEST_CASE(record_names_what_each_image_got) {
  test::TestContext context(13);
  RandomPairs augmenter(defaults<RandomPairs>(R"({"magnitude_max": 0})"), context);
  augmenter.prepare(stage_of(3, 6));
  const at::Tensor input = random_images(kPairCount * 4, 3, 6);
  const Augmented result = augmenter.apply(input, {});
  const images::NamedOperations code = dha_operations();
  for (int64_t i = 0; i < input.size(0); ++i) {
    const int64_t pair = result.record[i].item().toLong();
    const at::Tensor first = code.apply(input.slice(0, i, i + 1), {.name = code.names()[pair / kOperationCount]});
    const at::Tensor both = code.apply(first, {.name = code.names()[pair % kOperationCount]});
    BOOST_TEST_REQUIRE(at::equal(result.images.slice(0, i, i + 1), both));
  }
}

// The share of the uniform distribution in P, as a pair shows that the softmax gives nothing.
double uniform_share(const std::string& params, test::TestContext& context) {
  at::Tensor logits = at::zeros({kPairCount}, at::kDouble);
  logits[0] = 1e4;
  Tau tau(defaults<Tau>(params), context);
  set_logits(tau, logits);
  return tau.probabilities()[1].item().toDouble() * kPairCount;
}

// The closed form against autograd of L_tau = mean_k(-l_k P[a_k]) as a graph, in double, with momentum and weight decay
// as torch.optim.SGD has them.
BOOST_AUTO_TEST_CASE(gradient_equals_autograd) {
  constexpr double kRate = 20, kMomentum = 0.9, kDecay = 5e-4;
  for (const char* floor : {"0", "4", "5.2"}) {
    const std::string params = std::string(R"({"learning_rate": 20, "momentum": 0.9, "weight_decay": 5e-4, )") +
                               R"("entropy_floor": )" + floor + "}";
    test::TestContext context(2);
    const double share = uniform_share(params, context);
    BOOST_TEST((share > 0) == (std::string(floor) != "0"));
    at::Tensor logits = random_logits(1.5, 7), velocity = at::zeros({kPairCount}, at::kDouble);
    Tau tau(defaults<Tau>(params), context);
    set_logits(tau, logits);
    for (int step = 0; step < 5; ++step) {
      // Some pairs come up more than once, most not at all.
      const at::Tensor record = at::randint(60, {64}, context.generator(), at::kLong) * 3;
      const at::Tensor losses = at::randn({64}, context.generator(), at::TensorOptions(at::kDouble)).square();
      const at::Tensor leaf = logits.clone().requires_grad_(true);
      const at::Tensor probability = at::softmax(leaf, 0) * (1 - share) + share / kPairCount;
      (-(losses * probability.index_select(0, record))).mean().backward();
      const at::Tensor gradient = leaf.grad() + kDecay * logits;
      velocity = kMomentum * velocity + gradient;
      const at::Tensor change = -kRate * (gradient + kMomentum * velocity);
      const at::Tensor before = logits;
      tau.learn(record, losses);
      logits = tau.state().tensors.at("logits").clone();
      const double error = (logits - before - change).abs().max().item().toDouble();
      BOOST_TEST(error < 1e-10 * change.abs().max().item().toDouble(), "floor " << floor << ", step " << step);
    }
  }
}

BOOST_AUTO_TEST_CASE(entropy_keeps_its_floor) {
  test::TestContext context(2);
  Tau tau(defaults<Tau>(R"({"learning_rate": 1000, "weight_decay": 0, "entropy_floor": 3})"), context);
  tau.prepare(stage_of(1, 1));
  for (int step = 0; step < 300; ++step) {
    const at::Tensor record = tau.apply(random_images(64, 1, 1), {}).record;
    tau.learn(record, record.eq(17).to(at::kDouble) * 5 + 1);
  }
  const at::Tensor probability = tau.probabilities();
  BOOST_TEST(-(probability * probability.log()).sum().item().toDouble() >= 3 - 1e-9);
  BOOST_TEST(probability.argmax().item().toLong() == 17);
}

BOOST_AUTO_TEST_CASE(a_collapsed_policy_is_warned_of_once) {
  test::TestContext context(2);
  Tau tau(defaults<Tau>(), context);
  set_logits(tau, random_logits(1, 7));
  tau.end_epoch({});
  BOOST_TEST(context.warnings.empty());
  at::Tensor logits = at::zeros({kPairCount}, at::kDouble);
  logits.narrow(0, 3, 5).fill_(20);
  set_logits(tau, logits);
  for (int epoch = 0; epoch < 2; ++epoch) tau.end_epoch({});
  BOOST_TEST_REQUIRE(context.warnings.size() == 1u);
  BOOST_TEST(context.warnings[0].find("entropy of 5 of its 196 pairs") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(state_goes_on_with_the_same_bits) {
  for (const RestoreReason reason : {RestoreReason::kResume, RestoreReason::kCarry}) {
    test::TestContext context(2), again(2);
    Tau tau(defaults<Tau>(), context), other(defaults<Tau>(), again);
    const at::Tensor record = at::randint(kPairCount, {64}, context.generator(), at::kLong);
    tau.learn(record, record.to(at::kDouble));
    other.restore(tau.state(), reason);
    for (Tau* learner : {&tau, &other}) learner->learn(record, record.to(at::kDouble));
    BOOST_TEST(at::equal(tau.state().tensors.at("logits"), other.state().tensors.at("logits")));
    BOOST_TEST(tau.policy() == other.policy());
  }
}

BOOST_AUTO_TEST_CASE(operations_by_name) {
  const images::NamedOperations code = dha_operations();
  const at::Tensor input = random_images(2, 3, 9);
  const std::vector<std::string> names{"auto_contrast", "equalize",        "rotate",          "posterize", "solarize",
                                       "color",         "contrast",        "brightness",      "sharpness", "shear_x",
                                       "shear_y",       "translate_x_rel", "translate_y_rel", "identity"};
  BOOST_TEST(code.names() == names, boost::test_tools::per_element());
  BOOST_CHECK_THROW(code.apply(input, {.name = "invert"}), Error);
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
  const auto* code = static_cast<ImageOperations*>(tau.capability(ImageOperations::kCapability));
  BOOST_TEST_REQUIRE(code != nullptr);
  BOOST_TEST(tau.capability("dha.image_operations/2") == nullptr);
  const at::Tensor input = random_images(2, 3, 9);
  for (const std::string& name : code->names()) BOOST_TEST(at::equal(code->apply(input, {.name = name}), input));
  BOOST_TEST(at::equal(code->apply(input, {.name = "solarize", .level = 8}), 255 - input));
  BOOST_TEST(at::equal(code->apply(input, {.name = "posterize", .level = 8}), input.bitwise_and(0x80)));
}

void check_refused(const at::Tensor& wrong) {
  test::TestContext context;
  RandomPairs augmenter(defaults<RandomPairs>(), context);
  augmenter.prepare(stage_of(3, 9));
  const auto is_contract_violation = [](const Error& error) { return error.code() == ErrorCode::kContractViolation; };
  BOOST_CHECK_EXCEPTION(augmenter.apply(wrong, {}), Error, is_contract_violation);
  BOOST_CHECK_EXCEPTION(dha_operations().apply(wrong, {.name = "rotate"}), Error, is_contract_violation);
}

BOOST_AUTO_TEST_CASE(other_tensors_are_refused) {
  check_refused(random_images(2, 3, 9).to(at::kFloat));
  check_refused(random_images(2, 2, 9));
  check_refused(random_images(2, 4, 9));
  check_refused(random_images(2, 3, 9)[0]);
  check_refused(at::zeros({2, 3, 0, 9}, at::kByte));
}

BOOST_AUTO_TEST_CASE(mean_is_needed_unless_a_fill_is_given) {
  test::TestContext context;
  RandomPairs by_mean(defaults<RandomPairs>(), context), by_fill(defaults<RandomPairs>(R"({"fill": [9]})"), context);
  ImageStage stage(3, 9);
  stage.info.mean.clear();
  BOOST_CHECK_THROW(by_mean.prepare(stage), Error);
  BOOST_CHECK_NO_THROW(by_fill.prepare(stage));
  stage.info.mean = {0.5, 0.5, 1.5};
  BOOST_CHECK_THROW(by_mean.prepare(stage), Error);
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
