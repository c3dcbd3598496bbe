// Key functions: constructors, destructors and default answers of the interfaces live in the SDK library, so that each
// type has one identity in host and plugins. Those of spaces are in space.cpp.
#include <algorithm>

#include "dha/augmenter.hpp"
#include "dha/component.hpp"
#include "dha/context.hpp"
#include "dha/dataset.hpp"
#include "dha/error.hpp"
#include "dha/file_sizes.hpp"
#include "dha/hyper_optimizer.hpp"
#include "dha/image_files.hpp"
#include "dha/image_operations.hpp"
#include "dha/layer_graph.hpp"
#include "dha/opening_progress.hpp"
#include "dha/replay.hpp"
#include "dha/searcher.hpp"
#include "dha/stage.hpp"
#include "dha/trial_searcher.hpp"

namespace dha {

namespace {

[[noreturn]] void refuse_to_read(const char* call) {
  throw Error(ErrorCode::kContractViolation,
              std::string(call) + " is not implemented, although in_memory() says that it is needed");
}

}  // namespace

Context::Context() = default;
Context::~Context() = default;

Stage::Stage() = default;
Stage::~Stage() = default;

bool Stage::allows(const std::string& architecture) const {
  const std::vector<Margin> all = margins(architecture);
  return std::all_of(all.begin(), all.end(), [](const Margin& margin) { return margin.satisfied; });
}

Component::Component() = default;
Component::~Component() = default;
State Component::state() const { return {}; }

void Component::restore(const State& state, RestoreReason) {
  if (!state.tensors.empty() || state.json != State().json)
    throw Error(ErrorCode::kInvalidParameter, "the saved state cannot be taken: this component has none");
}

std::vector<std::string> Component::needs() const { return {}; }
void* Component::capability(std::string_view) { return nullptr; }

Dataset::Dataset() = default;
Dataset::~Dataset() = default;
State Dataset::state() const { return {}; }
void Dataset::restore(const State&, RestoreReason) {}
ImageTensors Dataset::tensors(Split) const { refuse_to_read("tensors()"); }
CropPolicy Dataset::crop_policy() const { return {}; }
ImageSize Dataset::image_size(Split, int64_t) const { refuse_to_read("image_size()"); }
bool Dataset::read(Split, int64_t, const ImageRequest&, uint8_t*) const { refuse_to_read("read()"); }
int64_t Dataset::unreadable_images() const { return 0; }
std::string Dataset::chosen_params() const { return "{}"; }
std::string Dataset::image_name(Split, int64_t) const { return ""; }

OpeningProgress::OpeningProgress() = default;
OpeningProgress::~OpeningProgress() = default;

FileSizes::FileSizes() = default;
FileSizes::~FileSizes() = default;

ImageFiles::ImageFiles() = default;
ImageFiles::~ImageFiles() = default;

Augmenter::Augmenter() = default;
Augmenter::~Augmenter() = default;
void Augmenter::prepare(const Stage&) {}
void Augmenter::begin_epoch(const Progress&) {}
void Augmenter::learn(const at::Tensor&, const at::Tensor&) {}
void Augmenter::end_epoch(const EpochOutcome&) {}
std::string Augmenter::policy() const { return "{}"; }

ImageOperations::ImageOperations() = default;
ImageOperations::~ImageOperations() = default;

NetworkLayers::NetworkLayers() = default;
NetworkLayers::~NetworkLayers() = default;

Replay::Replay() = default;
Replay::~Replay() = default;
std::optional<int64_t> Replay::revision() const { return std::nullopt; }

Replay* always_replayable() {
  static struct Always : Replay {
    bool replayable() const override { return true; }
    std::optional<int64_t> revision() const override { return 0; }
  } always;
  return &always;
}

HyperOptimizer::HyperOptimizer() = default;
HyperOptimizer::~HyperOptimizer() = default;
ProbePlan HyperOptimizer::probe() const { return {}; }
void HyperOptimizer::learn(const WeightStep&) {}

std::vector<at::Tensor> HyperOptimizer::preview(const WeightStep&) const {
  throw Error(ErrorCode::kInvalidConfig,
              "cannot preview a step, which the stage's searcher requests; use another hyper-optimizer");
}

void HyperOptimizer::end_epoch(const EpochOutcome&) {}
std::vector<NamedTensor> HyperOptimizer::values() const { return {}; }

void HyperOptimizer::carry(const State& earlier, const HyperCarry& what) {
  if (what.values && what.momentum) return restore(earlier, RestoreReason::kCarry);
  if (what.values || what.momentum)
    throw Error(ErrorCode::kInvalidConfig,
                std::string("cannot carry ") +
                    (what.values ? "'hyper' without 'momentum'" : "'momentum' without 'hyper'") +
                    "; carry both or neither");
}

std::vector<at::Tensor> HyperOptimizer::evaluation_weights() const { return {}; }

SearchServices::SearchServices() = default;
SearchServices::~SearchServices() = default;

Searcher::Searcher() = default;
Searcher::~Searcher() = default;
void Searcher::begin_epoch(const Progress&) {}
void Searcher::before_step(SearchServices&) {}
void Searcher::learn(const SearchStep&) {}
void Searcher::end_epoch(SearchServices&) {}
void Searcher::end_stage(SearchServices&) {}
bool Searcher::finished() const { return false; }
std::string Searcher::report() const { return "{}"; }
std::string Searcher::constraint_handling() const { return ""; }

TrialSearcher::TrialSearcher() = default;
TrialSearcher::~TrialSearcher() = default;
bool TrialSearcher::keep_going(int64_t, const EpochOutcome&) { return true; }
bool TrialSearcher::finished() const { return false; }
bool TrialSearcher::needs_weights(int64_t) const { return false; }
std::vector<Artefact> TrialSearcher::artefacts() const { return {}; }
std::string TrialSearcher::report() const { return "{}"; }

std::string TrialSearcher::constraint_handling() const {
  return "may propose architectures that violate them, which are not trained";
}

}  // namespace dha
