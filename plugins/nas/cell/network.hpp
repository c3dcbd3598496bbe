// The network of the cell space, for gates (the supernet) or for one genotype (a lean network).
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dha/context.hpp"
#include "dha/nn/block.hpp"
#include "dha/nn/drop_path.hpp"
#include "dha/nn/features.hpp"
#include "dha/space.hpp"
#include "plan.hpp"
#include "settings.hpp"

namespace dha::cell {

class CellNetwork final : public Network {
 public:
  enum class Kind { kSupernet, kLean };

  // Draws the weights from context.shared_generator(). `context` outlives the network: drop path draws from its
  // generator().
  CellNetwork(NetworkPlan plan, Kind kind, const Settings& settings, const at::TensorOptions& options,
              Context& context);

  // Observed candidates are computed on the inputs of this pass, in its mode, without drop path, while the backward
  // pass is at their node; running statistics do not notice. The first channels_last images bring the convolution
  // weights to channels_last too; the weights' tensors keep their identity.
  NetworkOutput forward(const at::Tensor& images, const Gates& gates) override;

  std::vector<at::Tensor> observed_gradients() const override { return observed_; }
  std::vector<NamedTensor> parameters() const override;
  std::vector<NamedTensor> buffers() const override;
  void set_mode(const NetworkMode& mode) override { mode_ = mode; }
  void begin_epoch(const Progress& progress) override { skip_dropout_rate_ = skip_dropout_.rate(progress); }
  double auxiliary_weight() const override { return auxiliary_ ? auxiliary_weight_ : 0; }

  bool is_supernet() const { return kind_ == Kind::kSupernet; }
  const NetworkPlan& plan() const { return plan_; }

  int64_t choices() const { return choices_; }

  // The choice that decides a node.
  int64_t choice_of(int64_t cell, int64_t node) const;

  // The states that make a cell's output; of a supernet under `gates`.
  std::vector<int64_t> output_states(int64_t cell, const Gates& gates) const;

  // Makes `gate`, 0-dimensional, a part of an operation of a lean network: in its last affine weights or as its factor.
  void set_gate(int64_t cell, int64_t node, int64_t operation, const at::Tensor& gate);

 private:
  struct BuiltOperation {
    std::shared_ptr<nn::Block> block;  // shared with the backward pass, where it is observed
    at::Tensor factor;                 // of a lean network's operation, 0-dimensional, 1 at first; may be undefined
    bool is_zero = false;
    bool is_plain_skip = false;  // a skip connection of stride 1
  };
  struct BuiltCell {
    nn::Block preprocess0, preprocess1;
    std::vector<std::vector<BuiltOperation>> nodes;
  };

  BuiltCell build(const CellPlan& plan, const Settings& settings) const;
  void check(const at::Tensor& images) const;
  void take_gates(const Gates& gates);
  int64_t candidates_of(int64_t choice) const;
  void train_affine(int64_t choice, bool trained);
  int64_t executed_operations(const Gates& gates) const;
  at::Tensor run_cell(int64_t index, nn::Features& input0, nn::Features& input1, const Gates& gates,
                      nn::DropPath& drop_path);
  at::Tensor run_node(int64_t cell, int64_t node, std::vector<nn::Features>& states, const Gates& gates,
                      nn::DropPath& drop_path);
  void add_operation(at::Tensor& sum, const BuiltOperation& operation, nn::Features& input, const at::Tensor& gate,
                     nn::DropPath& drop_path) const;
  at::Tensor zeros(const CellPlan& cell, const nn::Features& like, const ChoiceGates* gates) const;
  void observe(const at::Tensor& output, int64_t cell, int64_t node, const std::vector<nn::Features>& states,
               const ChoiceGates& gates) const;
  at::Tensor touch_unused_gates(const at::Tensor& logits, const Gates& gates) const;
  void use_channels_last();
  nn::RunMode run_mode() const { return nn::run_mode(mode_); }
  bool drops_skips() const;

  NetworkPlan plan_;
  Kind kind_;
  bool shares_cells_;
  bool joins_loose_ends_;  // a supernet's cells put out only nodes that no active candidate reads
  bool decides_affine_;    // affine weights of a choice's operations are trained once it is frozen
  double auxiliary_weight_;
  Context& context_;
  at::TensorOptions options_;  // of the weights

  nn::Block stem0_, classifier_;
  std::optional<nn::Block> stem1_, auxiliary_;
  std::vector<BuiltCell> cells_;

  NetworkMode mode_;
  SkipDropoutSchedule skip_dropout_;
  double skip_dropout_rate_ = 0;  // in the current epoch
  bool channels_last_ = false;
  int64_t choices_ = 0;
  std::vector<char> affine_trained_;            // one per choice
  std::vector<std::vector<at::Tensor>> gates_;  // of the current pass: for each choice one entry per active candidate
  std::vector<at::Tensor> observed_;            // one per choice
};

}  // namespace dha::cell
