// The components and the network of one stage, built from its configuration, and their whole state.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "component/component_slot.hpp"
#include "dha/augmenter.hpp"
#include "dha/hyper_optimizer.hpp"
#include "dha/searcher.hpp"
#include "dha/space.hpp"
#include "dha/trial_searcher.hpp"
#include "pipeline/pipeline.hpp"

namespace dha {

// What a stage is built from besides its configuration.
struct StageEnvironment {
  const PluginRegistry& registry;
  ContextServices services;
  const DatasetInfo& info;
  at::ScalarType dtype = at::kFloat;
  bool channels_last = true;
  // The network on LibTorch's meta device: to find out what fits, without memory.
  bool shapes_only = false;

  at::Device network_device() const { return shapes_only ? at::Device(at::kMeta) : services.device; }
};

// That a stage which searches is to carry the weights of one whose architecture is decided: they fit no supernet.
Error undecided_takes_decided(const std::string& stage, const std::string& earlier);

class StageParts {
 public:
  // Creates and prepares the components; makes no network yet. `place`: the stage's name, or below it a trial's.
  StageParts(const StageConfig& config, const StageEnvironment& environment, const std::string& place);

  const StageConfig& config() const { return config_; }
  const ComponentSlot<Space>& space() const { return space_; }
  const ComponentSlot<Searcher>& searcher() const { return searcher_; }
  const ComponentSlot<HyperOptimizer>& hyper() const { return hyper_; }
  const std::vector<ComponentSlot<Augmenter>>& augmenters() const { return augmenters_; }

  // True where the searcher is there and has choices left to decide.
  bool searches() const { return is_supernet_; }

  // The searcher's gates for a forward pass, checked, as leaves of the host's graph (leaf_gates.hpp) in the type of the
  // weights; none where the architecture is decided.
  Gates gates(const Progress& progress, bool with_gradients) const;

  // Throws Error{kContractViolation} for gates that this stage's network cannot take.
  void check(const Gates& gates) const;

  // Makes the network: a lean one of `architecture`; where that is empty a supernet, or a lean one of the searcher's
  // architecture if it is finished. Attaches the hyper-optimizer to its weights.
  void make_network(const std::string& architecture = "");
  bool has_network() const { return network_ != nullptr; }
  Network& network() const { return *network_; }

  // What the network was told last; 0 at first.
  void set_drop_path(double probability);
  double drop_path() const { return drop_path_; }

  // The weights in the network's order, and by name.
  const std::vector<at::Tensor>& weights() const { return weights_; }
  const std::vector<NamedTensor>& named_weights() const { return named_weights_; }

  // What the network keeps besides its weights, such as running statistics.
  std::vector<NamedTensor> buffers() const;

  // Of all components that are there: augmenters, hyper-optimizer, searcher, space.
  std::vector<ComponentContext*> contexts() const;

  // The architecture of a lean network, or what the searcher would derive now.
  std::string architecture() const;

  // Everything but the feeds' positions: tensors below "network/", "searcher/", "augment.0/", …, and JSON with each
  // component's text, the kind of network, and its architecture.
  State state() const;

  // Takes a whole state and makes the network that it belongs to.
  void restore(const State& state);

  // Takes the weights of an earlier stage that ended, so that both networks compute the same function.
  void carry_weights(const StageParts& earlier);

  // Takes parts of the state of an earlier stage.
  void restore_searcher(const State& state);
  void restore_augmenters(const State& state);  // by id, in order
  void restore_hyper(const State& state);

 private:
  Gates searcher_gates(const Progress& progress) const;
  void adopt(std::unique_ptr<Network> network, bool is_supernet, const std::string& architecture);
  void make_supernet();
  void make_lean(const std::string& architecture);

  StageConfig config_;
  StageEnvironment environment_;
  ComponentSlot<Space> space_;
  ComponentSlot<Searcher> searcher_;
  ComponentSlot<HyperOptimizer> hyper_;
  std::vector<ComponentSlot<Augmenter>> augmenters_;
  std::unique_ptr<Network> network_;  // goes before the space that made it
  bool is_supernet_ = false;
  double drop_path_ = 0;
  std::string lean_architecture_;
  std::vector<NamedTensor> named_weights_;
  std::vector<at::Tensor> weights_;
};

}  // namespace dha
