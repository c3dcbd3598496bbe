// The interface of search spaces: choices with candidates, a network for gates, a lean network for one architecture,
// costs.
//
// A space without choices is a fixed network: it overrides prepare(), lean() and cost() only.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dha/architecture.hpp"
#include "dha/component.hpp"
#include "dha/dataset.hpp"

namespace dha {

struct NetworkOutput {
  at::Tensor logits;            // (N, classes)
  at::Tensor auxiliary_logits;  // (N, classes) if the mode asks for the auxiliary head; else undefined
};

// How a network behaves in the next forward passes.
struct NetworkMode {
  bool batch_statistics = true;   // normalise by the batch's statistics; false: by the running ones
  bool update_statistics = true;  // move the running statistics; only where batch_statistics
  double drop_path = 0;           // probability in [0, 1) of dropping an operation's output for a sample
  bool auxiliary_head = true;     // run the auxiliary head, if there is one
};

// A network with weights, created by a space and owned by the host. [one thread at a time]
class DHA_API Network {
 public:
  Network();
  virtual ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  // images: (N, channels, height, width) of the weights' type, any memory format; gates: one entry per choice, which a
  // lean network ignores. Executes active candidates only. Gradients reach gates[i].weights and all parameters in use.
  virtual NetworkOutput forward(const at::Tensor& images, const Gates& gates) = 0;

  // Gate gradients of the observed candidates, computed by the backward pass of the last forward(): one entry per
  // choice. Empty by default, for a network that cannot observe candidates.
  virtual std::vector<at::Tensor> observed_gradients() const;

  // All weights, including those that are currently frozen (requires_grad false). Names never change, and a lean
  // network uses the supernet's name for the same weight.
  virtual std::vector<NamedTensor> parameters() const = 0;

  // Tensors that are state but not weights: running statistics, kept gate weights. None by default.
  virtual std::vector<NamedTensor> buffers() const;

  // Called before the first forward pass and whenever the mode changes.
  virtual void set_mode(const NetworkMode& mode) = 0;

  // Called before each epoch, for scheduled parts of a network (P-DARTS' dropout after skips).
  virtual void begin_epoch(const Progress& progress);

  // Weight of the auxiliary head's loss; 0 by default, for a network without such a head.
  virtual double auxiliary_weight() const;

  // An optional ability by versioned id: a pointer to that interface, owned by the network, or null.
  virtual void* capability(std::string_view id);
};

// The content of a drawing: one graph per figure, nodes in layers from left to right.
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

// Which weights a network takes from another.
enum class CarryMode {
  kExact,   // all: both networks compute the same function afterwards
  kShared,  // those that both have, by name and shape; the others keep their initial values
};

class DHA_API Space : public Component {
 public:
  using Interface = Space;
  static constexpr const char* kKind = "space";

  Space();
  ~Space() override;

  // Called once, before the functions below. Classes, channels, height and width of `info` are known.
  virtual void prepare(const DatasetInfo& info) = 0;

  // None by default.
  virtual const std::vector<Choice>& choices() const;

  // A network that contains every candidate. `options` says dtype and device; weights are drawn from the context's
  // shared_generator(). Before a run, the host also creates networks on LibTorch's meta device, where tensors have
  // shapes only, to check what fits. Of the errors there, only kInvalidParameter and kInvalidConfig count. The default
  // throws Error{kInvalidConfig}, for a space without choices.
  virtual std::unique_ptr<Network> supernet(const at::TensorOptions& options);

  // A network of one architecture. Throws Error{kInvalidParameter} if the architecture does not belong to this space.
  virtual std::unique_ptr<Network> lean(const std::string& architecture, const at::TensorOptions& options) = 0;

  // Copies weights of `from`, a network of this space, into `to`, a lean network, and returns how many of to's
  // parameters were set. `gates` decide the architecture of `to` if `from` is a supernet (frozen, `keep` active
  // candidates per choice) and are empty if it is lean. With kExact both compute the same function afterwards: gate
  // weights are kept as factors or absorbed into the last affine layer of each operation. Throws Error{kInvalidConfig}
  // if a weight of `to` has no source. The default copies by name between lean networks.
  virtual int64_t carry_weights(const Network& from, const Gates& gates, Network& to, CarryMode mode) const;

  // Convert decisions to JSON text and back. Throw Error{kInvalidParameter} that names the problem. The default
  // notation is {"<choice>": ["<operation>@<input>", …], …}.
  virtual std::string architecture(const Decisions& decisions) const;
  virtual Decisions decisions(const std::string& architecture) const;

  // Throws Error{kInvalidParameter} if this space cannot build `architecture`. Architectures may be wider than the
  // choices (published cells with five nodes): then decisions() throws, but this function and lean() do not. The
  // default calls decisions().
  virtual void validate(const std::string& architecture) const;

  // A random architecture, uniform over decisions; and one that differs from `architecture` in one decision. The
  // default of mutate() throws Error{kInvalidParameter} if the space has a single architecture.
  virtual std::string sample(at::Generator generator) const;
  virtual std::string mutate(const std::string& architecture, at::Generator generator) const;

  // Costs, counted without building a network: at least quantity::kParameters and kMultiplyAdds.
  virtual Quantities cost(const std::string& architecture) const = 0;

  // The cost that one candidate of a choice adds to a decided network, over all places that the choice decides
  // (expected costs as in SNAS). `choice` and `candidate` are positions. Empty by default: not known.
  virtual Quantities candidate_cost(int64_t choice, int64_t candidate) const;

  // Drawings of an architecture; none by default.
  virtual std::vector<ArchitectureGraph> graphs(const std::string& architecture) const;
};

}  // namespace dha
