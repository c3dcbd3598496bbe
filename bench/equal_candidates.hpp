// bench.equal_candidates: a chain of inverted residual blocks, each of which chooses one of any number of candidates
// that are all alike, so that nothing but their number makes a difference to a search.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dha/context.hpp"
#include "dha/nn/network_plan.hpp"
#include "dha/params.hpp"
#include "dha/space.hpp"
#include "plugin/plugin_registry.hpp"

namespace dha::bench {

class EqualCandidates : public Space {
 public:
  static Schema schema();
  EqualCandidates(const Params& params, Context& context);

  void prepare(const DatasetInfo& info) override;
  const std::vector<Choice>& choices() const override { return choices_; }
  std::unique_ptr<Network> supernet(const at::TensorOptions& options) override;
  std::unique_ptr<Network> lean(const std::string& architecture, const at::TensorOptions& options) override;
  Quantities cost(const std::string& architecture) const override;

 private:
  const int64_t candidates_, blocks_, channels_;
  Context& context_;
  std::vector<Choice> choices_;
  std::optional<nn::NetworkPlan> plan_;
};

void register_equal_candidates(PluginRegistry& registry);

}  // namespace dha::bench
