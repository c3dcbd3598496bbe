// The components and the network of one stage, built from its configuration, and their complete state.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "component/guarded_augmenter.hpp"
#include "component/guarded_hyper_optimizer.hpp"
#include "component/guarded_searcher.hpp"
#include "component/guarded_space.hpp"
#include "component/stage_view.hpp"
#include "pipeline/pipeline.hpp"

namespace dha {

// The services that a stage is built with, besides its configuration.
struct StageEnvironment {
  const PluginRegistry& registry;
  ContextServices services;
  const DatasetInfo& info;
  at::ScalarType dtype = at::kFloat;
  bool channels_last = true;
  StageImageCounts images = {};
  // The network on LibTorch's meta device, to check what fits without memory.
  bool shapes_only = false;

  at::Device network_device() const { return shapes_only ? at::Device(at::kMeta) : services.device; }
};

// The error of a searching stage that carries the weights of a stage with a decided architecture: no supernet can take
// them.
Error supernet_from_lean_error(const std::string& stage, const std::string& earlier);

// What a network took of a set of tensors.
struct MatchedTensors {
  int64_t kernels = 0;                // taken, of two and more dimensions: others may agree by chance
  int64_t taken = 0, all = 0;         // of the network's weights and buffers
  std::vector<std::string> left_out;  // the network's others: first those of another shape, with both, then the rest
};

class StageParts {
 public:
  // Creates and prepares the components, but no network yet. `path`: the stage's name, or a trial's path below it.
  StageParts(const StageConfig& config, const StageEnvironment& environment, const std::string& path);

  const StageConfig& config() const { return config_; }
  const PluginRegistry& registry() const { return environment_.registry; }
  GuardedSpace& space() const { return *space_; }
  bool has_searcher() const { return searcher_ != nullptr; }
  GuardedSearcher& searcher() const { return *searcher_; }
  GuardedHyperOptimizer& hyper() const { return *hyper_; }
  const std::vector<std::unique_ptr<GuardedAugmenter>>& augmenters() const { return augmenters_; }
  const StageView& stage() const { return *stage_; }

  // True if the network has undecided choices.
  bool searches() const { return is_supernet_; }

  // The searcher's gates for a forward pass, checked, as leaves of the host's graph (leaf_gates.hpp) in the type of the
  // weights; none if the architecture is decided. Only those of a weight step require gradients.
  Gates gates(GatePurpose purpose, const Progress& progress) const;

  // Throws Error{kContractViolation} for gates that this stage's network cannot take.
  void check(const Gates& gates) const;

  // Creates the network: a lean one of `architecture` or, if that is empty, of the stage's own architecture; else a
  // supernet. Attaches the hyper-optimizer to its weights. Throws Error{kContractViolation} if the stage has neither a
  // search nor an architecture.
  void make_network(const std::string& architecture = "");
  bool has_network() const { return network_ != nullptr; }
  GuardedNetwork& network() const { return *network_; }

  // The mode of a weight step: batch statistics, which update the running ones, auxiliary head, and the last drop path
  // that was set (initially 0).
  const NetworkMode& training_mode() const { return training_mode_; }
  void set_drop_path(double probability);

  // The weights in the network's order, and by name.
  const std::vector<at::Tensor>& weights() const { return weights_; }
  const std::vector<NamedTensor>& named_weights() const { return named_weights_; }

  // Of all existing components: augmenters, hyper-optimizer, searcher, space.
  std::vector<ComponentContext*> contexts() const;

  // The architecture of a lean network, or what the searcher would derive now.
  std::string architecture() const;

  // Everything but the feeds' positions: tensors below "network/", "searcher/", "augment.0/", …, and JSON with each
  // component's text, the kind of network, and its architecture.
  State state() const;

  // Takes the complete state of this stage and creates its network.
  void resume(const State& state);

  // Takes the end of an earlier stage, to carry weights from: only the parts that the network's function depends on.
  void restore_network(const State& state);

  // Takes weights of an earlier stage that ended, with its restored network; returns how many. With kExact both
  // networks compute the same function afterwards.
  int64_t carry_weights(const StageParts& earlier, CarryMode mode);

  // For a supernet: the lean network of `architecture`, which evaluations currently use, with weights and gates that
  // make it compute the same function. Throws Error{kInvalidConfig} if the space cannot carry them.
  std::unique_ptr<Network> decided_network(const std::string& architecture) const;

  // Creates the lean network of `architecture` with these weights and buffers, by name. Throws Error{kData} if one is
  // missing or has another shape.
  void take_model(const std::string& architecture, const std::map<std::string, at::Tensor>& tensors);

  // Copies the tensors that agree in name and shape with one of the network's weights or buffers.
  MatchedTensors take_matching(const std::map<std::string, at::Tensor>& tensors);

  // Take parts of the state of an earlier stage.
  void carry_searcher(const State& state);
  void carry_augmenters(const State& state);  // by id, in order
  void carry_hyper(const State& state, const HyperCarry& what);

 private:
  Gates searcher_gates(const GateRequest& request) const;
  Gates carry_gates(const StageParts& target, CarryMode mode) const;
  void adopt(std::unique_ptr<Network> network, bool is_supernet, const std::string& architecture);
  void make_supernet();
  void make_lean(const std::string& architecture);
  void make_saved_network(const State& state);
  void copy_network(const State& state);

  StageConfig config_;
  StageEnvironment environment_;
  std::unique_ptr<GuardedSpace> space_;
  std::unique_ptr<StageView> stage_;
  std::unique_ptr<GuardedSearcher> searcher_;  // null if the stage has none
  std::unique_ptr<GuardedHyperOptimizer> hyper_;
  std::vector<std::unique_ptr<GuardedAugmenter>> augmenters_;
  std::unique_ptr<GuardedNetwork> network_;  // destroyed before the space that created it
  bool is_supernet_ = false;
  NetworkMode training_mode_;
  std::string lean_architecture_;
  std::vector<NamedTensor> named_weights_;
  std::vector<at::Tensor> weights_;
};

}  // namespace dha
