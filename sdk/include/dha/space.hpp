// The interface of search spaces: choices with candidates, a network for gates, a lean network for one architecture,
// costs.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "dha/architecture.hpp"
#include "dha/component.hpp"
#include "dha/dataset.hpp"

namespace dha {

struct NetworkOutput {
  at::Tensor logits;            // (N, classes)
  at::Tensor auxiliary_logits;  // (N, classes), in training with an auxiliary head; else undefined
};

// A network with weights. Made by a space, owned by the host. [one thread at a time]
class DHA_API Network {
 public:
  Network();
  virtual ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  // images: float (N, channels, height, width), any memory format. `gates` has one entry a choice; a lean network
  // ignores it. Executes active candidates only. Gradients reach gates[i].weights and all parameters that took part.
  virtual NetworkOutput forward(const at::Tensor& images, const Gates& gates) = 0;

  // Gate gradients of the observed candidates, computed by the backward pass of the last forward(): one entry a choice.
  virtual std::vector<at::Tensor> observed_gradients() const = 0;

  // Weights. Those that are frozen at the moment (requires_grad false) are listed too. Names stay the same over the
  // network's life, and a lean network uses the supernet's name for the same weight.
  virtual std::vector<NamedTensor> parameters() const = 0;

  // Tensors that are state but not weights: running statistics, kept gate weights.
  virtual std::vector<NamedTensor> buffers() const = 0;

  // Training (batch statistics, drop path, auxiliary head) or evaluation.
  virtual void train(bool training) = 0;

  // Ahead of each epoch, for what in a network goes by schedule (P-DARTS' dropout after skips).
  virtual void begin_epoch(const Progress& progress) = 0;

  // Probability in [0, 1) of dropping an operation's output for a sample, in training.
  virtual void set_drop_path(double probability) = 0;

  // Weight of the auxiliary head's loss; 0 where there is no such head.
  virtual double auxiliary_weight() const = 0;
};

// What a drawing shows: a graph a figure, nodes in layers from left to right.
struct ArchitectureGraph {
  struct Node {
    std::string id, label;
    bool is_input = false, is_output = false;
  };
  struct Edge {
    std::string from, to, label;  // label: the operation
  };
  std::string title;
  std::vector<Node> nodes;
  std::vector<Edge> edges;
};

class DHA_API Space : public Component {
 public:
  using Interface = Space;
  static constexpr const char* kKind = "space";

  Space();
  ~Space() override;

  // Classes, channels, height and width of `info` are known. Called once, before what follows.
  virtual void prepare(const DatasetInfo& info) = 0;

  virtual const std::vector<Choice>& choices() const = 0;

  // A network that contains every candidate. `options` says dtype and device; weights are drawn from the context's
  // generators. On LibTorch's meta device a network has shapes only: the host makes such ones to find out ahead of a
  // run what fits, carries weights between them, and takes no exception but a refusal from them seriously.
  virtual std::unique_ptr<Network> supernet(const at::TensorOptions& options) = 0;

  // A network of one architecture. Throws Error{kInvalidParameter} for one that is not of this space.
  virtual std::unique_ptr<Network> lean(const std::string& architecture, const at::TensorOptions& options) = 0;

  // Copies the weights of `from` into `to`, a lean network of an architecture that `gates` decides (frozen, `keep`
  // active candidates a choice), so that both compute the same function: gate weights are absorbed into the last affine
  // layer of each operation or kept as factors. With empty `gates`, `from` is lean too and everything is copied by
  // name. Throws Error{kInvalidConfig} where a weight of `to` has no source.
  virtual void carry_weights(const Network& from, const Gates& gates, Network& to) const = 0;

  // Decisions to JSON text and back. Throw Error{kInvalidParameter} that names what is wrong.
  virtual std::string architecture(const Decisions& decisions) const = 0;
  virtual Decisions decisions(const std::string& architecture) const = 0;

  // Throws Error{kInvalidParameter} where `architecture` cannot be built here. Architectures may be wider than the
  // choices (published cells with five nodes): then decisions() throws, but this and lean() do not.
  virtual void validate(const std::string& architecture) const = 0;

  // A random architecture, uniform over decisions; and one that differs from `architecture` in one decision.
  virtual std::string sample(at::Generator generator) const = 0;
  virtual std::string mutate(const std::string& architecture, at::Generator generator) const = 0;

  // Counted without building a network.
  virtual Cost cost(const std::string& architecture) const = 0;

  // What one candidate of a choice adds to a decided network, over all places that the choice decides (expected costs
  // as in SNAS). `choice` and `candidate` are positions.
  virtual Cost candidate_cost(int64_t choice, int64_t candidate) const = 0;

  virtual std::vector<ArchitectureGraph> graphs(const std::string& architecture) const = 0;
};

}  // namespace dha
