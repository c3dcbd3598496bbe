#include "component/stage_cost.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "component/component_slot.hpp"
#include "component/dataset_shape.hpp"
#include "dha/error.hpp"
#include "dha/searcher.hpp"
#include "storage/atomic_file.hpp"

namespace dha {

namespace {

// Of the architecture that a file holds.
Cost cost_of_file(const std::filesystem::path& file, const ComponentSlot<Space>& space) {
  const std::string architecture = read_input_file(file);
  try {
    return space.call("cost", [&](Space& s) { return s.cost(architecture); });
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kInvalidParameter) throw;
    throw Error(ErrorCode::kData, fmt::format("'{}': {}", file.string(), e.what()));
  }
}

}  // namespace

Cost stage_cost(const PipelineConfig& config, const std::string& stage, const std::filesystem::path& architecture,
                const PluginRegistry& registry) {
  const auto found = std::find_if(config.stages.begin(), config.stages.end(),
                                  [&](const StageConfig& candidate) { return candidate.name == stage; });
  if (found == config.stages.end())
    throw Error(ErrorCode::kUsage, fmt::format("the pipeline has no stage '{}'", stage));
  const ContextServices services{nullptr, at::kCPU, config.seed, {}};
  const ComponentSlot<Space> space(registry, services, found->space, stage + "/space");
  const DatasetInfo info = dataset_shape(config, registry);
  space.call("prepare", [&](Space& s) { s.prepare(info); });
  if (!architecture.empty()) return cost_of_file(architecture, space);
  std::string counted;
  if (found->searcher) {
    const ComponentSlot<Searcher> searcher(registry, services, found->searcher, stage + "/searcher");
    searcher.call("attach", [&](Searcher& s) { s.attach(*space.shared()); });
    if (searcher.call("finished", [](Searcher& s) { return s.finished(); }))
      counted = searcher.call("architecture", [](Searcher& s) { return s.architecture(); });
  }
  if (counted.empty())
    throw Error(ErrorCode::kUsage,
                fmt::format("stage '{}' searches for its architecture; give one with --architecture FILE", stage));
  return space.call("cost", [&](Space& s) { return s.cost(counted); });
}

}  // namespace dha
