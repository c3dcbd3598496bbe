#include "component/stage_parts.hpp"

#include <ATen/core/grad_mode.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <set>

#include "component/check_gates.hpp"
#include "component/leaf_gates.hpp"
#include "dha/error.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

void add_tensors(State& all, const std::string& place, const std::map<std::string, at::Tensor>& tensors) {
  for (const auto& [name, tensor] : tensors) all.tensors[place + "/" + name] = tensor;
}

std::map<std::string, at::Tensor> tensors_below(const State& all, const std::string& place) {
  const std::string prefix = place + "/";
  std::map<std::string, at::Tensor> tensors;
  for (auto at = all.tensors.lower_bound(prefix); at != all.tensors.end() && at->first.starts_with(prefix); ++at)
    tensors[at->first.substr(prefix.size())] = at->second;
  return tensors;
}

// A component's part of a checkpoint: its state at `place`, its context's at `place`.context, its id in the JSON.
template <class Interface>
void add_component(State& all, Json& json, const std::string& place, const ComponentSlot<Interface>& slot) {
  if (!slot) return;
  const State state = slot.call("state", [](Interface& component) { return component.state(); });
  add_tensors(all, place, state.tensors);
  add_tensors(all, place + ".context", slot.context().state());
  json[place] = {{"id", slot.id()}, {"state", state.json}};
}

template <class Interface>
void restore_component(const State& all, const Json& json, const std::string& place,
                       const ComponentSlot<Interface>& slot, bool with_context) {
  if (!slot) return;
  const auto part = json.find(place);
  if (part == json.end())
    throw Error(ErrorCode::kData, fmt::format("the saved state has none of '{}', which {} needs", place, slot.id()));
  if (part->at("id") != slot.id())
    throw Error(ErrorCode::kData, fmt::format("the saved state is that of {} at '{}', expected that of {}",
                                              part->at("id").template get<std::string>(), place, slot.id()));
  const State state{tensors_below(all, place), part->at("state").template get<std::string>()};
  slot.call("restore", [&](Interface& component) { component.restore(state); });
  if (with_context) slot.context().restore(tensors_below(all, place + ".context"));
}

std::string augment_place(size_t index) { return fmt::format("augment.{}", index); }

void copy_by_name(const std::map<std::string, at::Tensor>& from, const std::vector<NamedTensor>& to) {
  const at::NoGradGuard no_grad;
  for (const NamedTensor& target : to) {
    const auto source = from.find(target.name);
    if (source == from.end())
      throw Error(ErrorCode::kData, fmt::format("the weights do not fit the network: they lack '{}'; give "
                                                "both networks the same space and parameters",
                                                target.name));
    if (source->second.sizes() != target.tensor.sizes())
      throw Error(
          ErrorCode::kData,
          fmt::format("the weights do not fit the network: tensor '{}' has shape [{}], expected [{}]; give "
                      "both networks the same channels, classes and parameters of the space",
                      target.name, fmt::join(source->second.sizes(), ", "), fmt::join(target.tensor.sizes(), ", ")));
    target.tensor.copy_(source->second);
  }
}

}  // namespace

Error undecided_takes_decided(const std::string& stage, const std::string& earlier) {
  return {ErrorCode::kInvalidConfig,
          fmt::format("stage '{}' searches and cannot carry the weights of '{}', whose architecture is decided; carry "
                      "its 'searcher' or 'architecture', or take 'weights' out of carry",
                      stage, earlier)};
}

StageParts::StageParts(const StageConfig& config, const StageEnvironment& environment, const std::string& place)
    : config_(config), environment_(environment) {
  const PluginRegistry& registry = environment.registry;
  const ContextServices& services = environment.services;
  space_ = ComponentSlot<Space>(registry, services, config.space, place + "/space");
  space_.call("prepare", [&](Space& space) { space.prepare(environment.info); });
  if (config.searcher) {
    searcher_ = ComponentSlot<Searcher>(registry, services, config.searcher, place + "/searcher");
    searcher_.call("attach", [&](Searcher& searcher) { searcher.attach(*space_.shared()); });
  }
  for (size_t i = 0; i < config.augment.size(); ++i) {
    augmenters_.emplace_back(registry, services, config.augment[i], place + "/" + augment_place(i));
    augmenters_.back().call("prepare", [&](Augmenter& augmenter) { augmenter.prepare(environment.info); });
  }
  hyper_ = ComponentSlot<HyperOptimizer>(registry, services, config.hyper, place + "/hyper");
}

Gates StageParts::gates(const Progress& progress, bool with_gradients) const {
  if (!is_supernet_) return {};
  return leaf_gates(searcher_gates(progress), environment_.dtype, with_gradients);
}

Gates StageParts::searcher_gates(const Progress& progress) const {
  Gates gates = searcher_.call("gates", [&](Searcher& searcher) { return searcher.gates(progress); });
  check(gates);
  return gates;
}

void StageParts::check(const Gates& gates) const {
  check_gates(gates, space_.shared()->choices(), environment_.services.device, searcher_.id());
}

void StageParts::make_network(const std::string& architecture) {
  if (!architecture.empty()) return make_lean(architecture);
  if (!searcher_.call("finished", [](Searcher& searcher) { return searcher.finished(); })) return make_supernet();
  make_lean(searcher_.call("architecture", [](Searcher& searcher) { return searcher.architecture(); }));
}

void StageParts::make_supernet() {
  const at::TensorOptions options = at::TensorOptions(environment_.network_device()).dtype(environment_.dtype);
  adopt(space_.call("supernet", [&](Space& space) { return space.supernet(options); }), true, "");
}

void StageParts::make_lean(const std::string& architecture) {
  const at::TensorOptions options = at::TensorOptions(environment_.network_device()).dtype(environment_.dtype);
  adopt(space_.call("lean", [&](Space& space) { return space.lean(architecture, options); }), false, architecture);
}

void StageParts::adopt(std::unique_ptr<Network> network, bool is_supernet, const std::string& architecture) {
  network_ = std::move(network);
  is_supernet_ = is_supernet;
  lean_architecture_ = architecture;
  named_weights_ = space_.call("parameters", [&](Space&) { return network_->parameters(); });
  weights_.clear();
  for (const NamedTensor& weight : named_weights_) weights_.push_back(weight.tensor);
  hyper_.call("attach", [&](HyperOptimizer& hyper) { hyper.attach(named_weights_); });
}

void StageParts::carry_weights(const StageParts& earlier) {
  if (is_supernet_) {
    if (!earlier.is_supernet_) throw undecided_takes_decided(config_.name, earlier.config_.name);
    const State state = earlier.state();
    const auto tensors = tensors_below(state, "network");
    copy_by_name(tensors, named_weights_);
    return copy_by_name(tensors, buffers());
  }
  const Gates gates = earlier.is_supernet_ ? earlier.searcher_gates({}) : Gates{};
  space_.call("carry_weights", [&](Space& space) { space.carry_weights(*earlier.network_, gates, *network_); });
}

std::vector<NamedTensor> StageParts::buffers() const {
  return space_.call("buffers", [&](Space&) { return network_->buffers(); });
}

void StageParts::set_drop_path(double probability) {
  drop_path_ = probability;
  space_.call("set_drop_path", [&](Space&) { network_->set_drop_path(probability); });
}

std::vector<ComponentContext*> StageParts::contexts() const {
  std::vector<ComponentContext*> contexts;
  for (const ComponentSlot<Augmenter>& slot : augmenters_) contexts.push_back(&slot.context());
  contexts.push_back(&hyper_.context());
  if (searcher_) contexts.push_back(&searcher_.context());
  contexts.push_back(&space_.context());
  return contexts;
}

std::string StageParts::architecture() const {
  if (!is_supernet_) return lean_architecture_;
  return searcher_.call("architecture", [](Searcher& searcher) { return searcher.architecture(); });
}

State StageParts::state() const {
  State all;
  Json json = Json::object();
  if (network_) {
    json["network"] = {{"supernet", is_supernet_}, {"architecture", is_supernet_ ? "" : lean_architecture_}};
    for (const NamedTensor& weight : named_weights_) all.tensors["network/" + weight.name] = weight.tensor;
    for (const NamedTensor& buffer : buffers()) all.tensors["network/" + buffer.name] = buffer.tensor;
  }
  add_component(all, json, "space", space_);
  add_component(all, json, "searcher", searcher_);
  add_component(all, json, "hyper", hyper_);
  for (size_t i = 0; i < augmenters_.size(); ++i) add_component(all, json, augment_place(i), augmenters_[i]);
  all.json = json.dump();
  return all;
}

void StageParts::restore(const State& state) {
  const Json json = Json::parse(state.json);
  restore_component(state, json, "space", space_, false);
  restore_component(state, json, "searcher", searcher_, true);
  if (json.at("network").at("supernet"))
    make_supernet();
  else
    make_lean(json["network"].at("architecture"));
  space_.context().restore(tensors_below(state, "space.context"));  // after the network's initial draws
  restore_component(state, json, "hyper", hyper_, true);
  for (size_t i = 0; i < augmenters_.size(); ++i)
    restore_component(state, json, augment_place(i), augmenters_[i], true);
  const auto tensors = tensors_below(state, "network");
  copy_by_name(tensors, named_weights_);
  copy_by_name(tensors, buffers());
}

void StageParts::restore_searcher(const State& state) {
  restore_component(state, Json::parse(state.json), "searcher", searcher_, false);
}

// Each augmenter takes the state of the first of its id that no other has taken; one without a counterpart starts anew.
void StageParts::restore_augmenters(const State& state) {
  const Json json = Json::parse(state.json);
  std::set<std::string> taken;
  for (const ComponentSlot<Augmenter>& slot : augmenters_) {
    size_t source = 0;
    const auto fits = [&](const std::string& place) {
      return json[place]["id"] == slot.id() && !taken.contains(place);
    };
    while (json.contains(augment_place(source)) && !fits(augment_place(source))) ++source;
    const std::string place = augment_place(source);
    if (!json.contains(place)) {
      slot.context().log(LogLevel::kInfo, "starts anew: the stage that is carried from has no state for it");
      continue;
    }
    taken.insert(place);
    const State part{tensors_below(state, place), json[place]["state"].get<std::string>()};
    slot.call("restore", [&](Augmenter& augmenter) { augmenter.restore(part); });
  }
}

void StageParts::restore_hyper(const State& state) {
  const Json json = Json::parse(state.json);
  if (json.contains("hyper") && json["hyper"]["id"] == hyper_.id())
    restore_component(state, json, "hyper", hyper_, false);
}

}  // namespace dha
