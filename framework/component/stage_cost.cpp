#include "component/stage_cost.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <fmt/format.h>

#include <algorithm>

#include "component/dataset_shape.hpp"
#include "component/guarded_searcher.hpp"
#include "component/guarded_space.hpp"
#include "component/stage_view.hpp"
#include "dha/error.hpp"
#include "storage/atomic_file.hpp"

namespace dha {

namespace {

// Of the architecture that a file holds.
Quantities cost_of_file(const std::filesystem::path& file, const GuardedSpace& space) {
  const std::string architecture = read_input_file(file);
  try {
    return space.cost(architecture);
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kInvalidParameter) throw;
    throw Error(ErrorCode::kData, fmt::format("'{}': {}", file.string(), e.what()));
  }
}

std::vector<Quantities> sampled_costs(const GuardedSpace& space, uint64_t seed, int64_t samples) {
  const at::Generator generator = at::detail::createCPUGenerator(seed);
  std::vector<Quantities> costs;
  for (int64_t i = 0; i < samples; ++i) costs.push_back(space.cost(space.sample(generator)));
  return costs;
}

}  // namespace

std::vector<Quantities> stage_costs(const PipelineConfig& config, const std::string& stage,
                                    const std::filesystem::path& architecture, const PluginRegistry& registry,
                                    int64_t samples) {
  const auto found = std::find_if(config.stages.begin(), config.stages.end(),
                                  [&](const StageConfig& candidate) { return candidate.name == stage; });
  if (found == config.stages.end())
    throw Error(ErrorCode::kUsage, fmt::format("the pipeline has no stage '{}'", stage));
  const ContextServices services{nullptr, at::kCPU, config.seed, {}};
  GuardedSpace space(registry, services, found->space, stage + "/space");
  const DatasetInfo info = dataset_shape(config, registry);
  space.prepare(info);
  if (!architecture.empty()) return {cost_of_file(architecture, space)};
  if (!found->architecture.empty()) return {space.cost(found->architecture)};
  if (found->searcher) {
    const StageView view(*found, info, {}, space, registry);
    GuardedSearcher searcher(registry, services, found->searcher, stage + "/searcher");
    searcher.attach(*space.object(), view);
    if (searcher.finished()) return {space.cost(searcher.architecture())};
  }
  return sampled_costs(space, config.seed, samples);
}

}  // namespace dha
