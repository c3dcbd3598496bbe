#include "component/stage_view.hpp"

#include "component/guarded_space.hpp"
#include "pipeline/tunable.hpp"

namespace dha {

StageView::StageView(const StageConfig& config, const DatasetInfo& info, const StageImageCounts& images,
                     const GuardedSpace& space, const PluginRegistry& registry)
    : config_(config),
      info_(info),
      images_(images),
      space_(space),
      registry_(registry),
      constraints_(config.constraints),
      architecture_(config.architecture) {}

Quantities StageView::cost(const std::string& architecture) const { return space_.cost(architecture); }

std::vector<Margin> StageView::margins(const std::string& architecture) const {
  return constraints_.empty() ? std::vector<Margin>() : constraints_.margins(cost(architecture));
}

std::string StageView::violations(const std::string& architecture) const {
  return constraints_.empty() ? "" : constraints_.violations(cost(architecture));
}

std::string StageView::tunable() const { return tunable_parameters(config_, registry_); }

}  // namespace dha
