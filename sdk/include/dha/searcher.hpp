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
#include "dha/space.hpp"
#include "dha/stage.hpp"

namespace dha {

// What a forward pass is for.
enum class GatePurpose {
  kWeightStep,  // the pass that all components learn from: the only purpose for which gates() may draw or change state
  kProbe,       // the second pass of a step (ProbeTime::kBatch): the sample of the step under way, with the searcher's
                // parameters as they are now
  kEvaluation,  // validation, test, `dha eval`: deterministic, the architecture that architecture() names
  kCarry,       // a network of the decided architecture takes over the weights; asked only where finished()
};

struct GateRequest {
  GatePurpose purpose = GatePurpose::kEvaluation;
  Progress progress;  // where the stage stands; at its defaults outside a training
};

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
  // Which gradients to compute; others cost nothing.
  bool gate_gradients = false;
  bool weight_gradients = false;
  // Evaluate at weights + scale * displacement (the list has the weights' order, entries may be undefined); empty:
  // where they are.
  std::vector<at::Tensor> displacement;
  double scale = 1;
};

// Averaged over processes.
struct Evaluation {
  at::Tensor loss;      // 0-dimensional: mean over samples
  at::Tensor accuracy;  // 0-dimensional, in [0, 1]
  GateGradients gate_gradients;
  std::vector<at::Tensor> weight_gradients;  // the weights' order; undefined where a weight took no part
};

// What the host does for a searcher. Valid only during the call that received it. The host implements this interface
// and may append functions to it in any minor version.
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
};

// What a weight step measured, for learn().
struct SearchStep {
  Progress progress;
  GateGradients gate_gradients;  // of the mean loss, auxiliary head included; averaged over processes
  at::Tensor losses;             // float (N), detached; of all processes
  at::Tensor correct;            // bool (N)
};

// Order of calls: attach(); restore() where there is something to restore; for each epoch begin_epoch(), the steps
// (before_step(), gates(), learn()), the evaluations of the epoch, end_epoch(); after the last epoch end_stage(). The
// host measures validation before end_epoch(), and test images and the stage's architecture before end_stage(). An
// epoch that ends the stage early and was not due for validation is validated between the two.
class DHA_API Searcher : public Component {
 public:
  using Interface = Searcher;
  static constexpr const char* kKind = "searcher";

  Searcher();
  ~Searcher() override;

  // Before everything else, once per stage. `space` is prepared; both outlive the searcher.
  virtual void attach(const Space& space, const Stage& stage) = 0;

  virtual void begin_epoch(const Progress& progress);

  // Before each weight step: architecture steps on validation data, at displaced weights, or none.
  virtual void before_step(SearchServices& services);

  // Gates of the coming forward pass, as GatePurpose says. Makes no host-device synchronisation for a weight step or a
  // probe. A search that is finished before its stage is over is still asked, for gates of what it decided.
  virtual Gates gates(const GateRequest& request) = 0;

  // After the backward pass, before the weights move. The gradients are empty where the gates said that they are not
  // needed.
  virtual void learn(const SearchStep& step);

  // Recovery, freezing, controller updates, rewards of whole architectures.
  virtual void end_epoch(SearchServices& services);

  // The stage is over, and its results are measured: whatever is left to decide is decided now (ISTA freezes). The
  // architecture stays the one that was measured.
  virtual void end_stage(SearchServices& services);

  // True once every choice is decided; by default never. A stage that starts so trains a lean network and calls none of
  // the above but attach().
  virtual bool finished() const;

  // The architecture as decided so far, derived at any time after attach(): JSON text in the space's notation.
  virtual std::string architecture() const = 0;

  // What a reader of metrics wants to see, as a JSON object: support, frozen choices, entropies. By default empty.
  virtual std::string report() const;
};

}  // namespace dha
