#include "component/stage_parts.hpp"

#include <ATen/core/grad_mode.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <set>

#include "component/check_gates.hpp"
#include "component/copy_by_name.hpp"
#include "component/leaf_gates.hpp"
#include "dha/error.hpp"
#include "dha/nas/decided_gates.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

void add_tensors(State& all, const std::string& key, const std::map<std::string, at::Tensor>& tensors) {
  for (const auto& [name, tensor] : tensors) all.tensors[key + "/" + name] = tensor;
}

std::map<std::string, at::Tensor> tensors_below(const State& all, const std::string& key) {
  const std::string prefix = key + "/";
  std::map<std::string, at::Tensor> tensors;
  for (auto at = all.tensors.lower_bound(prefix); at != all.tensors.end() && at->first.starts_with(prefix); ++at)
    tensors[at->first.substr(prefix.size())] = at->second;
  return tensors;
}

// A component's part of a checkpoint: its state at `key`, its context's at `key`.context, its id in the JSON.
template <class Guarded>
void add_component(State& all, Json& json, const std::string& key, const Guarded& component) {
  const State state = component.state();
  add_tensors(all, key, state.tensors);
  add_tensors(all, key + ".context", component.context().state());
  json[key] = {{"id", component.id()}, {"state", state.json}};
}

// The state of the component at `key`, which must be of `id`.
State component_state(const State& all, const std::string& key, const std::string& id) {
  const Json json = Json::parse(all.json);
  const auto part = json.find(key);
  if (part == json.end())
    throw Error(ErrorCode::kData, fmt::format("the saved state lacks '{}', which {} needs", key, id));
  if (part->at("id") != id)
    throw Error(ErrorCode::kData, fmt::format("the saved state belongs to {} at '{}', expected one of {}",
                                              part->at("id").get<std::string>(), key, id));
  return {tensors_below(all, key), part->at("state").get<std::string>()};
}

template <class Guarded>
void resume_component(const State& all, const std::string& key, Guarded& component) {
  component.restore(component_state(all, key, component.id()), RestoreReason::kResume);
  component.context().restore(tensors_below(all, key + ".context"));
}

std::string augment_key(size_t index) { return fmt::format("augment.{}", index); }

}  // namespace

Error supernet_from_lean_error(const std::string& stage, const std::string& earlier) {
  return {ErrorCode::kInvalidConfig,
          fmt::format("stage '{}' searches and cannot carry the weights of '{}', which has a decided architecture; "
                      "carry its 'searcher' or 'architecture', or remove 'weights' from carry",
                      stage, earlier)};
}

StageParts::StageParts(const StageConfig& config, const StageEnvironment& environment, const std::string& path)
    : config_(config), environment_(environment) {
  const PluginRegistry& registry = environment.registry;
  const ContextServices& services = environment.services;
  space_ = std::make_unique<GuardedSpace>(registry, services, config.space, path + "/space");
  space_->prepare(environment.info);
  stage_ = std::make_unique<StageView>(config_, environment.info, environment.images, *space_, registry);
  if (config.searcher) {
    searcher_ = std::make_unique<GuardedSearcher>(registry, services, config.searcher, path + "/searcher");
    searcher_->attach(*space_->object(), *stage_);
    if (searcher_->finished()) stage_->set_architecture(searcher_->architecture());
  }
  for (size_t i = 0; i < config.augment.size(); ++i) {
    augmenters_.push_back(
        std::make_unique<GuardedAugmenter>(registry, services, config.augment[i], path + "/" + augment_key(i)));
    augmenters_.back()->prepare(*stage_);
  }
  hyper_ = std::make_unique<GuardedHyperOptimizer>(registry, services, config.hyper, path + "/hyper");
}

Gates StageParts::gates(GatePurpose purpose, const Progress& progress) const {
  if (!is_supernet_) return {};
  const Gates gates = searcher_gates({purpose, progress});
  return leaf_gates(gates, environment_.dtype, purpose == GatePurpose::kWeightStep && gates.needs_gradient);
}

Gates StageParts::searcher_gates(const GateRequest& request) const {
  Gates gates = searcher_->gates(request);
  check_gates(gates, space_->choices(), environment_.services.device, searcher_->id(), searcher_->finished());
  return gates;
}

void StageParts::check(const Gates& gates) const {
  check_gates(gates, space_->choices(), environment_.services.device, searcher_->id());
}

void StageParts::make_network(const std::string& architecture) {
  if (!architecture.empty()) return make_lean(architecture);
  if (has_searcher() && searcher_->finished()) return make_lean(searcher_->architecture());
  if (has_searcher()) return make_supernet();
  if (config_.architecture.empty())
    throw Error(ErrorCode::kContractViolation,
                fmt::format("stage '{}' has neither an architecture nor a searcher that finds one; give it 'searcher' "
                            "or 'architecture', or carry 'architecture'",
                            config_.name));
  make_lean(config_.architecture);
}

void StageParts::make_supernet() {
  adopt(space_->supernet(at::TensorOptions(environment_.network_device()).dtype(environment_.dtype)), true, "");
}

void StageParts::make_lean(const std::string& architecture) {
  const auto options = at::TensorOptions(environment_.network_device()).dtype(environment_.dtype);
  adopt(space_->lean(architecture, options), false, architecture);
  stage_->set_architecture(architecture);
}

void StageParts::adopt(std::unique_ptr<Network> network, bool is_supernet, const std::string& architecture) {
  network_.reset(static_cast<GuardedNetwork*>(network.release()));  // GuardedSpace makes no other
  is_supernet_ = is_supernet;
  lean_architecture_ = architecture;
  named_weights_ = network_->parameters();
  weights_.clear();
  for (const NamedTensor& weight : named_weights_) weights_.push_back(weight.tensor);
  network_->set_mode(training_mode_);
  hyper_->attach(named_weights_, *stage_);
}

void StageParts::set_drop_path(double probability) {
  training_mode_.drop_path = probability;
  network_->set_mode(training_mode_);
}

int64_t StageParts::carry_weights(const StageParts& earlier, CarryMode mode) {
  if (!is_supernet_) return space_->carry_weights(*earlier.network_, earlier.carry_gates(*this, mode), *network_, mode);
  if (!earlier.is_supernet_) throw supernet_from_lean_error(config_.name, earlier.config_.name);
  copy_network(earlier.state());
  return static_cast<int64_t>(weights_.size());
}

// What decides the architecture of `target` in this network. Trials take any architecture out of shared weights, with
// gates of 1; a stage takes the one that its search decided, with the gates that it was trained under.
Gates StageParts::carry_gates(const StageParts& target, CarryMode mode) const {
  if (!is_supernet_) return {};
  if (mode == CarryMode::kExact) return searcher_gates({GatePurpose::kCarry, {}});
  return nas::decided_gates(space_->decisions(target.architecture()), weights_.front().options().requires_grad(false));
}

std::unique_ptr<Network> StageParts::decided_network(const std::string& architecture) const {
  const auto options = at::TensorOptions(environment_.network_device()).dtype(environment_.dtype);
  std::unique_ptr<Network> network = space_->lean(architecture, options);
  space_->carry_weights(*network_, searcher_gates({GatePurpose::kEvaluation, {}}), *network, CarryMode::kExact);
  return network;
}

void StageParts::take_model(const std::string& architecture, const std::map<std::string, at::Tensor>& tensors) {
  make_lean(architecture);
  copy_by_name(tensors, named_weights_);
  copy_by_name(tensors, network_->buffers());
}

MatchedTensors StageParts::take_matching(const std::map<std::string, at::Tensor>& tensors) {
  const at::NoGradGuard no_grad;
  MatchedTensors matched;
  std::vector<std::string> missing;
  const auto take = [&](const NamedTensor& target) {
    ++matched.all;
    const auto source = tensors.find(target.name);
    if (source == tensors.end()) {
      missing.push_back(target.name + " (not there)");
    } else if (source->second.sizes() != target.tensor.sizes()) {
      matched.left_out.push_back(fmt::format("{} (shape [{}], there [{}])", target.name,
                                             fmt::join(target.tensor.sizes(), ", "),
                                             fmt::join(source->second.sizes(), ", ")));
    } else {
      target.tensor.copy_(source->second);
      ++matched.taken;
      return true;
    }
    return false;
  };
  for (const NamedTensor& weight : named_weights_) matched.kernels += take(weight) && weight.tensor.dim() >= 2 ? 1 : 0;
  for (const NamedTensor& buffer : network_->buffers()) take(buffer);
  matched.left_out.insert(matched.left_out.end(), missing.begin(), missing.end());
  return matched;
}

std::vector<ComponentContext*> StageParts::contexts() const {
  std::vector<ComponentContext*> contexts;
  for (const auto& augmenter : augmenters_) contexts.push_back(&augmenter->context());
  contexts.push_back(&hyper_->context());
  if (searcher_) contexts.push_back(&searcher_->context());
  contexts.push_back(&space_->context());
  return contexts;
}

std::string StageParts::architecture() const { return is_supernet_ ? searcher_->architecture() : lean_architecture_; }

State StageParts::state() const {
  State all;
  Json json = Json::object();
  if (network_) {
    json["network"] = {{"supernet", is_supernet_}, {"architecture", is_supernet_ ? "" : lean_architecture_}};
    for (const NamedTensor& weight : named_weights_) all.tensors["network/" + weight.name] = weight.tensor;
    for (const NamedTensor& buffer : network_->buffers()) all.tensors["network/" + buffer.name] = buffer.tensor;
  }
  add_component(all, json, "space", *space_);
  if (searcher_) add_component(all, json, "searcher", *searcher_);
  add_component(all, json, "hyper", *hyper_);
  for (size_t i = 0; i < augmenters_.size(); ++i) add_component(all, json, augment_key(i), *augmenters_[i]);
  all.json = json.dump();
  return all;
}

void StageParts::resume(const State& state) {
  if (searcher_) resume_component(state, "searcher", *searcher_);
  make_saved_network(state);
  space_->context().restore(tensors_below(state, "space.context"));  // after the network's initial draws
  resume_component(state, "hyper", *hyper_);
  for (size_t i = 0; i < augmenters_.size(); ++i) resume_component(state, augment_key(i), *augmenters_[i]);
  copy_network(state);
}

void StageParts::restore_network(const State& state) {
  if (searcher_) resume_component(state, "searcher", *searcher_);
  make_saved_network(state);
  copy_network(state);
}

void StageParts::make_saved_network(const State& state) {
  space_->restore(component_state(state, "space", space_->id()), RestoreReason::kResume);
  const Json network = Json::parse(state.json).at("network");
  if (network.at("supernet"))
    make_supernet();
  else
    make_lean(network.at("architecture"));
}

void StageParts::copy_network(const State& state) {
  const auto tensors = tensors_below(state, "network");
  copy_by_name(tensors, named_weights_);
  copy_by_name(tensors, network_->buffers());
}

void StageParts::carry_searcher(const State& state) {
  searcher_->restore(component_state(state, "searcher", searcher_->id()), RestoreReason::kCarry);
  if (searcher_->finished()) stage_->set_architecture(searcher_->architecture());
}

// Each augmenter takes the state of the first of its id that no other has taken; one without a counterpart starts anew.
void StageParts::carry_augmenters(const State& state) {
  const Json json = Json::parse(state.json);
  std::set<std::string> taken;
  for (const auto& augmenter : augmenters_) {
    size_t source = 0;
    const auto fits = [&](const std::string& key) {
      return json[key]["id"] == augmenter->id() && !taken.contains(key);
    };
    while (json.contains(augment_key(source)) && !fits(augment_key(source))) ++source;
    const std::string key = augment_key(source);
    if (!json.contains(key)) {
      augmenter->context().log(LogLevel::kInfo, "starts from its initial state: the earlier stage has no state for it");
      continue;
    }
    taken.insert(key);
    augmenter->restore(component_state(state, key, augmenter->id()), RestoreReason::kCarry);
  }
}

void StageParts::carry_hyper(const State& state, const HyperCarry& what) {
  if (!what.values && !what.momentum) return;
  hyper_->carry(component_state(state, "hyper", hyper_->id()), what);
}

}  // namespace dha
