// The network of a NetworkPlan, for gates (a supernet) or for one architecture (a lean network).
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <vector>

#include "dha/context.hpp"
#include "dha/nn/block.hpp"
#include "dha/nn/drop_path.hpp"
#include "dha/nn/features.hpp"
#include "dha/nn/network_plan.hpp"
#include "dha/space.hpp"

namespace dha::nn {

class PlannedNetwork final : public Network {
 public:
  enum class Kind {
    kSupernet,  // gates weigh the operations of choices
    kLean,      // each operation of a choice has a factor instead, 1 at first: the buffer "<block>.gate"
  };

  // Draws the weights from context.shared_generator(). `context` outlives the network: drop path draws from its
  // generator().
  PlannedNetwork(NetworkPlan plan, Kind kind, const at::TensorOptions& options, Context& context);
  ~PlannedNetwork() override;

  // Executes active candidates only. Observed candidates are computed on the inputs of this pass, in its mode, without
  // drop path and without a change of running statistics. The first channels_last images bring the convolution weights
  // to channels_last too; the weights' tensors keep their identity. Throws Error{kContractViolation} if images or gates
  // do not belong to the plan.
  NetworkOutput forward(const at::Tensor& images, const Gates& gates) override;

  std::vector<at::Tensor> observed_gradients() const override { return observed_; }
  std::vector<NamedTensor> parameters() const override;
  std::vector<NamedTensor> buffers() const override;
  void set_mode(const NetworkMode& mode) override { mode_ = mode; }

  bool is_supernet() const { return kind_ == Kind::kSupernet; }
  const NetworkPlan& plan() const { return plan_; }

  // Makes `gate`, 0-dimensional, the factor of an operation of a lean network. Without effect on an operation that
  // contributes nothing.
  void set_gate(size_t step, size_t operation, const at::Tensor& gate);

 private:
  struct Operation {
    std::shared_ptr<Block> block;  // shared with the backward pass, where it is observed
    at::Tensor factor;             // of a lean network's candidate, 0-dimensional; may be undefined
    bool is_zero = false;
  };
  struct Pass;

  void check(const at::Tensor& images) const;
  void take_gates(const Gates& gates);
  size_t candidates_of(int64_t choice) const;
  void train_affine(int64_t choice, bool trained);
  int64_t droppable_operations(const Gates& gates) const;
  void run(size_t step, Pass& pass) const;
  void add(const StepPlan& step, const Operation& operation, const at::Tensor& gate, Pass& pass) const;
  Features& features(int64_t index, Pass& pass) const;
  at::Tensor zeros(int64_t index, const Pass& pass) const;
  bool observes(int64_t index, const Gates& gates) const;
  void observe(int64_t index, const at::Tensor& output, Pass& pass) const;
  bool contributes(size_t step, const Gates& gates) const;
  std::vector<char> reached_gates(const Gates& gates) const;
  at::Tensor touch_unused_gates(const at::Tensor& logits, const Gates& gates) const;
  void use_channels_last();

  NetworkPlan plan_;
  Kind kind_;
  Context& context_;
  at::TensorOptions options_;                       // of the weights
  std::vector<std::vector<Operation>> operations_;  // one entry per step
  std::vector<std::vector<size_t>> into_;           // per features: the steps that add to them, ascending
  std::vector<size_t> last_use_;                    // per features: the step after which nothing reads them

  NetworkMode mode_;
  bool channels_last_ = false;
  std::vector<char> affine_trained_;            // one per choice
  std::vector<std::vector<at::Tensor>> gates_;  // of the current pass: for each choice one entry per active candidate
  std::vector<at::Tensor> observed_;            // one per choice
};

}  // namespace dha::nn
