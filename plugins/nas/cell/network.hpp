// The network of the cell space, for gates (the supernet) or for one genotype (a lean network).
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "block.hpp"
#include "dha/context.hpp"
#include "dha/space.hpp"
#include "drop_path.hpp"
#include "plan.hpp"
#include "settings.hpp"

namespace dha::cell {

class CellNetwork final : public Network {
 public:
  enum class Kind { kSupernet, kLean };

  // Draws the weights from context.generator(). `context` outlives the network: drop path draws from it too.
  CellNetwork(NetworkPlan plan, Kind kind, const Settings& settings, const at::TensorOptions& options,
              Context& context);

  // Observed candidates are computed on the inputs of this pass, in its mode, without drop path, while the backward
  // pass is at their node; running statistics do not notice. The first channels_last images bring the convolution
  // weights to channels_last too; the weights' tensors keep their identity.
  NetworkOutput forward(const at::Tensor& images, const Gates& gates) override;

  std::vector<at::Tensor> observed_gradients() const override { return observed_; }
  std::vector<NamedTensor> parameters() const override;
  std::vector<NamedTensor> buffers() const override;
  void train(bool training) override { training_ = training; }
  void begin_epoch(const Progress&) override {}
  void set_drop_path(double probability) override { drop_path_ = probability; }
  double auxiliary_weight() const override { return auxiliary_ ? auxiliary_weight_ : 0; }

  bool is_supernet() const { return kind_ == Kind::kSupernet; }
  const NetworkPlan& plan() const { return plan_; }

  int64_t choices() const { return choices_; }

  // The choice that decides a node.
  int64_t choice_of(int64_t cell, int64_t node) const;

  // Makes `gate`, 0-dimensional, a part of an operation of a lean network: in its last affine weights or as its factor.
  void set_gate(int64_t cell, int64_t node, int64_t operation, const at::Tensor& gate);

 private:
  struct BuiltOperation {
    std::shared_ptr<Block> block;  // shared with the backward pass, where it is observed
    at::Tensor factor;             // of a lean network's operation, 0-dimensional, 1 at first; may be undefined
    bool is_zero = false;
  };
  struct BuiltCell {
    Block preprocess0, preprocess1;
    std::vector<std::vector<BuiltOperation>> nodes;
  };

  BuiltCell build(const CellPlan& plan, const Settings& settings) const;
  void check(const at::Tensor& images) const;
  void take_gates(const Gates& gates);
  void train_affine(int64_t choice, bool trained);
  void check(const ChoiceGates& gates, int64_t choice) const;
  int64_t executed_operations(const Gates& gates) const;
  at::Tensor run_cell(int64_t index, Features& input0, Features& input1, const Gates& gates, DropPath& drop_path);
  at::Tensor run_node(int64_t cell, int64_t node, std::vector<Features>& states, const Gates& gates,
                      DropPath& drop_path);
  void add_operation(at::Tensor& sum, const BuiltOperation& operation, Features& input, const at::Tensor& gate,
                     DropPath& drop_path) const;
  at::Tensor zeros(const CellPlan& cell, const Features& like, const ChoiceGates* gates) const;
  void observe(const at::Tensor& output, int64_t cell, int64_t node, const std::vector<Features>& states,
               const ChoiceGates& gates) const;
  at::Tensor touch_unused_gates(const at::Tensor& logits, const Gates& gates) const;
  void use_channels_last();
  RunMode mode() const { return {training_, training_}; }

  NetworkPlan plan_;
  Kind kind_;
  bool shares_cells_;
  bool decides_affine_;  // affine weights of a choice's operations are trained once it is frozen
  double auxiliary_weight_;
  Context& context_;
  at::TensorOptions options_;  // of the weights

  Block stem0_, classifier_;
  std::optional<Block> stem1_, auxiliary_;
  std::vector<BuiltCell> cells_;

  bool training_ = true;
  bool channels_last_ = false;
  double drop_path_ = 0;
  int64_t choices_ = 0;
  std::vector<char> affine_trained_;            // one a choice
  std::vector<std::vector<at::Tensor>> gates_;  // of the current pass, one list a choice, an entry an active candidate
  std::vector<at::Tensor> observed_;            // one a choice
};

}  // namespace dha::cell
