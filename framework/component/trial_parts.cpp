#include "component/trial_parts.hpp"

#include <fmt/format.h>

#include "component/guarded_searcher.hpp"
#include "dha/error.hpp"

namespace dha {

TrialParts::TrialParts(const StageConfig& config, const StageEnvironment& environment, const std::string& architecture)
    : config_(config),
      space_(environment.registry, environment.services, config.space, config.name + "/space"),
      stage_(config_, environment.info, environment.images, space_, environment.registry),
      searcher_(environment.registry, environment.services, config.trials, config.name + "/trials") {
  space_.prepare(environment.info);
  const std::string own = architecture.empty() ? own_architecture(environment) : architecture;
  if (!own.empty()) space_.validate(own);
  stage_.set_architecture(own);
  searcher_.attach(*space_.object(), stage_);
}

std::string TrialParts::own_architecture(const StageEnvironment& environment) const {
  if (!config_.searcher) {
    const bool is_fixed = config_.architecture.empty() && space_.choices().empty();
    return is_fixed ? space_.architecture({}) : config_.architecture;
  }
  GuardedSearcher searcher(environment.registry, environment.services, config_.searcher, config_.name + "/searcher");
  searcher.attach(*space_.object(), stage_);
  if (!searcher.finished())
    throw ComponentError(
        Error(ErrorCode::kInvalidConfig,
              fmt::format("stage '{}' trains trials, so its searcher must have decided its architecture, but {} still "
                          "searches; use dha.architecture, or remove 'searcher' or 'trials' from the stage",
                          config_.name, searcher.id())),
        config_.searcher);
  return searcher.architecture();
}

}  // namespace dha
