// A network of a guarded space, with calls guarded under the space's id.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "component/component_error.hpp"
#include "dha/space.hpp"
#include "plugin/guarded_call.hpp"

namespace dha {

class GuardedNetwork final : public Network {
 private:
  template <class Call>
  decltype(auto) guard(std::string_view name, Call&& call) const {
    try {
      return guarded_call(space_.id, name, std::forward<Call>(call));
    } catch (const Error& error) {
      throw ComponentError(error, space_);
    }
  }

 public:
  GuardedNetwork(std::unique_ptr<Network> network, const ComponentUse& space)
      : network_(std::move(network)), space_(space) {}

  // The plugin's own object, for passing it to a plugin: a space carries weights between its own networks.
  Network& object() const { return *network_; }

  NetworkOutput forward(const at::Tensor& images, const Gates& gates) override {
    return guard("forward", [&] { return network_->forward(images, gates); });
  }
  std::vector<at::Tensor> observed_gradients() const override {
    return guard("observed_gradients", [&] { return network_->observed_gradients(); });
  }
  std::vector<NamedTensor> parameters() const override {
    return guard("parameters", [&] { return network_->parameters(); });
  }
  std::vector<NamedTensor> buffers() const override {
    return guard("buffers", [&] { return network_->buffers(); });
  }
  void set_mode(const NetworkMode& mode) override {
    guard("set_mode", [&] { network_->set_mode(mode); });
  }
  void begin_epoch(const Progress& progress) override {
    guard("begin_epoch", [&] { network_->begin_epoch(progress); });
  }
  double auxiliary_weight() const override {
    return guard("auxiliary_weight", [&] { return network_->auxiliary_weight(); });
  }
  void* capability(std::string_view id) override {
    return guard("capability", [&] { return network_->capability(id); });
  }

 private:
  std::unique_ptr<Network> network_;
  ComponentUse space_;
};

}  // namespace dha
