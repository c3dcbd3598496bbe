// Default answers of components: state, needs, carry, constraints, and calls that a component did not implement.
#include <ATen/ops/ones.h>

#include <boost/test/unit_test.hpp>
#include <optional>

#include "dha/augmenter.hpp"
#include "dha/hyper_optimizer.hpp"
#include "support/counting_dataset.hpp"
#include "support/error_checks.hpp"
#include "support/fake_stage.hpp"

namespace dha {

namespace {

class PlainAugmenter : public Augmenter {
 public:
  Augmented apply(const at::Tensor& images, const at::Tensor& labels) override { return {images, labels, {}}; }
};

// A rule that has a state of its own but no opinion on carrying it.
class Remembering : public HyperOptimizer {
 public:
  void attach(const std::vector<NamedTensor>&, const Stage&) override {}
  void step(const WeightStep&) override {}
  void restore(const State& state, RestoreReason reason) override {
    restored = state.json;
    why = reason;
  }
  std::string restored;
  std::optional<RestoreReason> why;
};

// A data set in memory, which leaves reading to the defaults.
class InMemory : public test::CountingDataset {
 public:
  InMemory() : CountingDataset(4, 2, 2, true) {}
  ImageTensors tensors(Split split) const override { return Dataset::tensors(split); }
  ImageSize image_size(Split split, int64_t index) const override { return Dataset::image_size(split, index); }
  bool read(Split split, int64_t index, const ImageRequest& request, uint8_t* pixels) const override {
    return Dataset::read(split, index, request, pixels);
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_component_without_state_takes_the_empty_state_only) {
  PlainAugmenter plain;
  BOOST_TEST(plain.state().tensors.empty());
  BOOST_TEST(plain.state().json == "{}");
  for (const RestoreReason reason : {RestoreReason::kResume, RestoreReason::kCarry}) {
    plain.restore(plain.state(), reason);
    BOOST_CHECK_EXCEPTION(plain.restore({{{"a", at::ones({1})}}, "{}"}, reason), Error,
                          test::error_with(ErrorCode::kInvalidParameter, "this component has none"));
    BOOST_CHECK_EXCEPTION(plain.restore({{}, R"({"a": 1})"}, reason), Error,
                          test::error_with(ErrorCode::kInvalidParameter, "this component has none"));
  }
  BOOST_TEST(plain.needs().empty());
  BOOST_TEST(plain.capability("dha.replay/1") == nullptr);
  BOOST_TEST(plain.policy() == "{}");
}

BOOST_AUTO_TEST_CASE(carry_takes_both_or_nothing_where_a_rule_does_not_say_how) {
  Remembering rule;
  const State earlier{{}, R"({"rate": 1})"};
  rule.carry(earlier, {.values = false, .momentum = false});
  BOOST_TEST(!rule.why.has_value());
  BOOST_CHECK_EXCEPTION(rule.carry(earlier, {.values = true, .momentum = false}), Error,
                        test::error_with(ErrorCode::kInvalidConfig, "'hyper' without 'momentum'"));
  BOOST_CHECK_EXCEPTION(rule.carry(earlier, {.values = false, .momentum = true}), Error,
                        test::error_with(ErrorCode::kInvalidConfig, "'momentum' without 'hyper'"));
  BOOST_TEST(!rule.why.has_value());
  rule.carry(earlier, {.values = true, .momentum = true});
  BOOST_TEST(rule.restored == earlier.json);
  BOOST_TEST((rule.why == RestoreReason::kCarry));
}

BOOST_AUTO_TEST_CASE(a_rule_without_preview_says_so) {
  Remembering rule;
  const std::vector<at::Tensor> none;
  BOOST_CHECK_EXCEPTION(rule.preview({none, none, {}}), Error,
                        test::error_with(ErrorCode::kInvalidConfig, "cannot preview a step"));
  BOOST_TEST((rule.probe().time == ProbeTime::kNone));
  BOOST_TEST(rule.values().empty());
  BOOST_TEST(rule.evaluation_weights().empty());
}

BOOST_AUTO_TEST_CASE(a_stage_allows_what_satisfies_all_constraints) {
  test::FakeStage stage;
  BOOST_TEST(stage.allows("{}"));
  const Margin kept{"parameters", 3, 4, true}, broken{"latency_ms", 5, 4, false};
  stage.on_margins = [&](const std::string& architecture) {
    return architecture == "good" ? std::vector<Margin>{kept, kept} : std::vector<Margin>{kept, broken};
  };
  BOOST_TEST(stage.allows("good"));
  BOOST_TEST(!stage.allows("bad"));
}

BOOST_AUTO_TEST_CASE(reading_that_is_not_implemented_names_the_call) {
  InMemory set;
  uint8_t pixel = 0;
  const auto names = [](const char* call) { return test::error_with(ErrorCode::kContractViolation, call); };
  BOOST_CHECK_EXCEPTION(set.tensors(Split::kTrain), Error, names("tensors()"));
  BOOST_CHECK_EXCEPTION(set.image_size(Split::kTrain, 0), Error, names("image_size()"));
  BOOST_CHECK_EXCEPTION(set.read(Split::kTrain, 0, {}, &pixel), Error, names("read()"));
  BOOST_TEST(set.state().tensors.empty());
  set.restore({{}, R"({"position": 7})"}, RestoreReason::kResume);  // of a data set there is nothing to take
}

}  // namespace dha
