// The interface of searchers that share weights: they supply gates for forward passes, and learn from gate gradients or
// from rewards.
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
  kWeightStep,  // the pass that all components learn from; gates() may draw or change state for this purpose only
  kProbe,       // the second pass of a step (ProbeTime::kBatch): the step's sample with the searcher's current
                // parameters
  kEvaluation,  // validation, test, `dha eval`: deterministic, the architecture of architecture()
  kCarry,       // a network of the decided architecture takes over the weights; requested only if finished()
  kSearch,      // the network that weight steps train, to compare it with the one of kEvaluation: the mixture, or the
                // path that the next weight step would draw; changes no state and no generator
};

struct GateRequest {
  GatePurpose purpose = GatePurpose::kEvaluation;
  Progress progress;  // of the stage; default values outside training
};

// The data to evaluate a network on.
enum class EvaluationData {
  kTrainingBatch,    // the augmented batch of the coming weight step; only in before_step()
  kNextValidation,   // the next batch of the stage's validation images
  kSameValidation,   // the last batch of kNextValidation in this call, or the next one if there is none
  kWholeValidation,  // all of them, in evaluation mode; no gradients
};

// How a network behaves in an evaluation. No mode changes running statistics.
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
  // Evaluates at weights + scale * displacement, in the order of the weights; entries may be undefined. Empty: no
  // displacement.
  std::vector<at::Tensor> displacement;
  double scale = 1;
};

// Averaged over processes.
struct Evaluation {
  at::Tensor loss;      // 0-dimensional: mean over samples
  at::Tensor accuracy;  // 0-dimensional, in [0, 1]
  GateGradients gate_gradients;
  std::vector<at::Tensor> weight_gradients;  // in the order of the weights; undefined for a weight that took no part
};

// The host's services for a searcher. Valid only during the call that received it. The host implements this interface
// and may append functions to it in any minor version.
class DHA_API SearchServices {
 public:
  SearchServices();
  virtual ~SearchServices();

  virtual const Progress& progress() const = 0;

  // Runs the shared-weight network under `gates`. Leaves weights, their gradients and running statistics as they were.
  // Throws Error{kInvalidConfig} if the request needs validation images and the stage has none.
  virtual Evaluation evaluate(const Gates& gates, const EvaluationRequest& request) = 0;

  // What the hyper-optimizer would add to each weight for these gradients (xi-step of second-order DARTS).
  virtual std::vector<at::Tensor> preview_step(const std::vector<at::Tensor>& weight_gradients) = 0;

  // The hyper-optimizer's values(), such as the learning rate, which is xi in DARTS.
  virtual std::vector<NamedTensor> hyper_values() = 0;
};

// The measurements of a weight step, for learn().
struct SearchStep {
  Progress progress;
  GateGradients gate_gradients;  // of the mean loss, auxiliary head included; averaged over processes
  at::Tensor losses;             // (N), detached; of all processes; double under precision fp64, else float
  at::Tensor correct;            // bool (N)
};

// Order of calls: attach(); restore() if there is a state to restore; for each epoch begin_epoch(), the steps
// (before_step(), gates(), learn()), the evaluations of the epoch, end_epoch(); after the last epoch end_stage(). The
// host measures validation before end_epoch(), and test images and the stage's architecture before end_stage(). An
// epoch that ends the stage early and was not due for validation is validated between end_epoch() and end_stage().
class DHA_API Searcher : public Component {
 public:
  using Interface = Searcher;
  static constexpr const char* kKind = "searcher";

  Searcher();
  ~Searcher() override;

  // Called once per stage, before all other functions but constraint_handling(). `space` is prepared; both outlive the
  // searcher.
  virtual void attach(const Space& space, const Stage& stage) = 0;

  virtual void begin_epoch(const Progress& progress);

  // Called before each weight step, for architecture steps on validation data or at displaced weights.
  virtual void before_step(SearchServices& services);

  // Returns the gates of the next forward pass (see GatePurpose). Makes no host-device synchronisation for a weight
  // step or a probe. Also called if the search finishes before its stage is over, for frozen gates of its decisions.
  virtual Gates gates(const GateRequest& request) = 0;

  // Called after the backward pass, before the weight update. The gradients are empty if Gates::needs_gradient was
  // false.
  virtual void learn(const SearchStep& step);

  // Called after each epoch, for recovery, freezing, controller updates and rewards of whole architectures.
  virtual void end_epoch(SearchServices& services);

  // Called after the stage's results are measured. Decides all remaining choices (ISTA freezes them); the measured
  // architecture does not change.
  virtual void end_stage(SearchServices& services);

  // True once every choice is decided; the default returns false. If it is true at the start, the stage trains a lean
  // network and calls none of the functions above except attach().
  virtual bool finished() const;

  // The architecture decided so far, as JSON text in the space's notation. May be called at any time after attach().
  virtual std::string architecture() const = 0;

  // Details for readers of metrics, as a JSON object: support, frozen choices, entropies. Empty by default.
  virtual std::string report() const;

  // How the search keeps to the constraints of its stage (Stage::margins()), as the predicate of a sentence for users:
  // "draws again until an architecture satisfies them". The default is empty: it does not, and the host refuses a
  // search in a stage with constraints.
  virtual std::string constraint_handling() const;
};

}  // namespace dha
