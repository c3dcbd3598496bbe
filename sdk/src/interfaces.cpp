// Key functions: constructors, destructors and default answers of the interfaces live in the SDK library, so that each
// type has one identity in host and plugins.
#include "dha/augmenter.hpp"
#include "dha/component.hpp"
#include "dha/context.hpp"
#include "dha/dataset.hpp"
#include "dha/hyper_optimizer.hpp"
#include "dha/image_operations.hpp"
#include "dha/replay.hpp"
#include "dha/searcher.hpp"
#include "dha/space.hpp"
#include "dha/trial_searcher.hpp"

namespace dha {

Context::Context() = default;
Context::~Context() = default;

Component::Component() = default;
Component::~Component() = default;
const void* Component::capability(std::string_view) const { return nullptr; }

Dataset::Dataset() = default;
Dataset::~Dataset() = default;
State Dataset::state() const { return {}; }
void Dataset::restore(const State&) {}

Augmenter::Augmenter() = default;
Augmenter::~Augmenter() = default;

ImageOperations::ImageOperations() = default;
ImageOperations::~ImageOperations() = default;

Replay::Replay() = default;
Replay::~Replay() = default;

const Replay* always_replayable() {
  static const struct Always : Replay {
    bool replayable() const override { return true; }
  } always;
  return &always;
}

HyperOptimizer::HyperOptimizer() = default;
HyperOptimizer::~HyperOptimizer() = default;

Network::Network() = default;
Network::~Network() = default;

Space::Space() = default;
Space::~Space() = default;

SearchServices::SearchServices() = default;
SearchServices::~SearchServices() = default;

Searcher::Searcher() = default;
Searcher::~Searcher() = default;

TrialSearcher::TrialSearcher() = default;
TrialSearcher::~TrialSearcher() = default;

}  // namespace dha
