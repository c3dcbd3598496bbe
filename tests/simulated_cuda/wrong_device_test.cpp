// A component that leaves something on the CPU fails a run on the simulated CUDA as it would on a card.
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros_like.h>

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "dha/plugin.hpp"
#include "simulated_cuda/small_runs.hpp"

namespace {

using namespace dha;
using test::Json;

// Images, labels, or what the images are mixed with.
class StrayImages : public Augmenter {
 public:
  static Schema schema() {
    return Schema("Leaves something on the CPU.").choice("what", "what stays there", {"images", "labels", "noise"});
  }
  StrayImages(const Params& params, Context&) : what_(params.string("what")) {}
  Augmented apply(const at::Tensor& images, const at::Tensor& labels) override {
    if (what_ == "noise") return {images + at::ones(images.sizes(), at::kByte), labels, {}};
    return {what_ == "images" ? images.cpu() : images, what_ == "labels" ? labels.cpu() : labels, {}};
  }

 private:
  std::string what_;
};

// The first candidates of every choice, with equal gates. One value of several is no scalar, which may lie anywhere.
class StrayGates : public Searcher {
 public:
  static Schema schema() { return Schema("Has its gates on the CPU."); }
  StrayGates(const Params&, Context&) {}
  void attach(const Space& space, const Stage&) override { space_ = &space; }
  Gates gates(const GateRequest&) override {
    Gates gates;
    for (const Choice& choice : space_->choices())
      gates.choices.push_back({kept(choice), at::full({2}, 0.5), {}, false});
    return gates;
  }
  std::string architecture() const override {
    Decisions decisions;
    for (const Choice& choice : space_->choices()) decisions.push_back(kept(choice));
    return space_->architecture(decisions);
  }

 private:
  // One of the first input and one of the last.
  static std::vector<int64_t> kept(const Choice& choice) {
    return {0, static_cast<int64_t>(choice.candidates.size()) - 1};
  }

  const Space* space_ = nullptr;
};

// Plain gradient descent with momentum.
class StrayMomentum : public HyperOptimizer {
 public:
  static Schema schema() { return Schema("Keeps its momentum on the CPU."); }
  StrayMomentum(const Params&, Context&) {}
  void attach(const std::vector<NamedTensor>& parameters, const Stage&) override {
    for (const NamedTensor& one : parameters) momentum_.push_back(at::zeros_like(one.tensor, at::kCPU));
  }
  void step(const WeightStep& step) override {
    const at::NoGradGuard no_grad;
    for (size_t i = 0; i < step.parameters.size(); ++i)
      if (step.gradients[i].defined()) step.parameters[i].sub_(momentum_[i].mul_(0.9).add_(step.gradients[i]), 0.01);
  }

 private:
  std::vector<at::Tensor> momentum_;
};

// Runs a search with the changed component; `id` stands in the refusal.
void check_refused(const Json& change, const std::string& id) {
  const test::TemporaryDirectory folder;
  test::write_idx(folder.path() / "idx");
  Json stage = test::search_stage();
  stage.update(change);
  BOOST_TEST_CONTEXT(change.dump()) {
    BOOST_CHECK_EXCEPTION(test::run(folder, test::pipeline_of(folder.path() / "idx", Json::array({stage})), "cuda"),
                          Error, [&](const Error& error) {
                            const std::string text = error.what();
                            BOOST_TEST_MESSAGE(text);
                            return text.find(id) != std::string::npos && text.find("device") != std::string::npos;
                          });
  }
}

BOOST_AUTO_TEST_SUITE(tensors_on_the_wrong_device_stop_the_run)

BOOST_AUTO_TEST_CASE(of_an_augmenter) {
  for (const char* what : {"images", "labels", "noise"})
    check_refused({{"augment", Json::array({Json{{"use", "test.stray_images"}, {"what", what}}})}},
                  "test.stray_images");
}

BOOST_AUTO_TEST_CASE(of_a_searcher) {
  check_refused({{"searcher", {{"use", "test.stray_gates"}}}}, "test.stray_gates");
}

BOOST_AUTO_TEST_CASE(of_a_hyper_optimizer) {
  check_refused({{"hyper", {{"use", "test.stray_momentum"}}}}, "test.stray_momentum");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

DHA_PLUGIN("strays", "1.0.0", "dha", "Apache-2.0", dha::component<StrayImages>("test.stray_images"),
           dha::component<StrayGates>("test.stray_gates"), dha::component<StrayMomentum>("test.stray_momentum"))
