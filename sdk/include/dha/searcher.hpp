// The interface of searchers that share weights: gates for a forward pass, learning from their gradients or from
// rewards.
//
// The host treats the weights of gates() as the leaves of its graph and returns their gradients to learn(); a searcher
// applies the chain rule to its own variables, in closed form or by weights.backward(gradient). Bilevel and
// controller-based searchers work in before_step() and end_epoch() through SearchServices.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "dha/architecture.hpp"
#include "dha/component.hpp"
#include "dha/dataset.hpp"
#include "dha/space.hpp"

namespace dha {

// What to evaluate a network on.
enum class EvaluationData {
  kTrainingBatch,    // the augmented batch of the coming weight step; only in before_step()
  kNextValidation,   // the next batch of the stage's validation images
  kSameValidation,   // the batch that kNextValidation gave last in this call, or else the next one
  kWholeValidation,  // all of them, in evaluation mode; no gradients
};

// How a network behaves in an evaluation. Running statistics stay as they are in all of them.
enum class EvaluationMode {
  kTraining,         // batch statistics, drop path, auxiliary loss
  kBatchStatistics,  // batch statistics, neither drop path nor auxiliary loss (rewards of shared weights, ENAS)
  kRunningStatistics,
};

struct EvaluationRequest {
  EvaluationData data = EvaluationData::kNextValidation;
  EvaluationMode mode = EvaluationMode::kTraining;
  bool gate_gradients = false;
  bool weight_gradients = false;
  // Evaluate at weights + scale * displacement (the list has the weights' order, entries may be undefined); empty:
  // where they are.
  std::vector<at::Tensor> displacement;
  double scale = 1;
};

struct Evaluation {
  at::Tensor loss;      // 0-dimensional: mean over samples
  at::Tensor accuracy;  // 0-dimensional, in [0, 1]
  GateGradients gate_gradients;
  std::vector<at::Tensor> weight_gradients;  // the weights' order; undefined where a weight took no part
};

// What the host does for a searcher. Valid only during the call that received it.
class DHA_API SearchServices {
 public:
  SearchServices();
  virtual ~SearchServices();

  virtual const Progress& progress() const = 0;

  // Runs the shared-weight network under `gates`. Leaves weights, their gradients and running statistics as they were.
  // Throws Error{kInvalidConfig} where the stage has no validation images and some are asked for.
  virtual Evaluation evaluate(const Gates& gates, const EvaluationRequest& request) = 0;

  // What the hyper-optimizer would add to each weight for these gradients (xi-step of second-order DARTS).
  virtual std::vector<at::Tensor> preview_step(const std::vector<at::Tensor>& weight_gradients) = 0;

  // The hyper-optimizer's values(), such as the learning rate that xi of DARTS is.
  virtual std::vector<NamedTensor> hyper_values() = 0;

  // Whether `architecture` satisfies the stage's constraints; always true where it has none.
  virtual bool allows(const std::string& architecture) = 0;

  virtual Cost cost(const std::string& architecture) = 0;
};

// What a weight step measured, for learn().
struct SearchStep {
  Progress progress;
  GateGradients gate_gradients;  // of the mean loss, auxiliary head included
  at::Tensor losses;             // float (N), detached
  at::Tensor correct;            // bool (N)
};

class DHA_API Searcher : public Component {
 public:
  using Interface = Searcher;
  static constexpr const char* kKind = "searcher";

  Searcher();
  ~Searcher() override;

  // Before everything else, once a stage. `space` is prepared and outlives the searcher.
  virtual void attach(const Space& space) = 0;

  virtual void begin_epoch(const Progress& progress) = 0;

  // Ahead of each weight step: architecture steps on validation data, at displaced weights, or none.
  virtual void before_step(SearchServices& services) = 0;

  // Gates of the coming forward pass. Makes no host-device synchronisation.
  virtual Gates gates(const Progress& progress) = 0;

  // After the backward pass, before the weights move.
  virtual void learn(const SearchStep& step) = 0;

  // Recovery, freezing, controller updates, rewards of whole architectures.
  virtual void end_epoch(SearchServices& services) = 0;

  // The stage is over: whatever is to be decided now is (ISTA freezes what is left, P-DARTS drops candidates).
  virtual void end_stage(SearchServices& services) = 0;

  // True once every choice is decided. A stage that starts so trains a lean network and calls none of the above but
  // attach().
  virtual bool finished() const = 0;

  // The architecture as decided so far, derived at any time after attach(): JSON text in the space's notation.
  virtual std::string architecture() const = 0;

  // What a reader of metrics wants to see, as a JSON object: support, frozen choices, entropies.
  virtual std::string report() const = 0;
};

}  // namespace dha
