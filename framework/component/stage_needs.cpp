#include "component/stage_needs.hpp"

#include <fmt/format.h>

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>

#include "dha/error.hpp"
#include "pipeline/constraints.hpp"

namespace dha {

namespace {

class NeedCheck {
 public:
  NeedCheck(const StageConfig& config, const StageView& stage, ProblemList& problems)
      : config_(config), stage_(stage), problems_(problems) {}

  template <class Guarded>
  void check(const Guarded& component) {
    for (const std::string& need : component.needs()) check(need, component.use());
  }

  void check(const std::string& need, const ComponentUse& use) {
    if (need == need::kValidationImages) {
      if (stage_.validation_images() == 0)
        report(use, "needs validation images, but the data set has none; set \"validation_fraction\": 0.2");
    } else if (need == need::kNoDropPath) {
      if (config_.drop_path > 0)
        report(use, fmt::format("needs drop_path 0, found {}; remove drop_path", config_.drop_path));
    } else if (need == need::kNoTrials) {
      if (config_.trials) report(use, "cannot be used in a stage of trials; remove it or 'trials'");
    } else {
      report(use, fmt::format("needs '{}', which this version of dha does not know; use a later version", need));
    }
  }

 private:
  void report(const ComponentUse& use, const std::string& what) {
    problems_.report(use.location, use.pointer, fmt::format("in stage '{}', {} {}", config_.name, use.id, what));
  }

  const StageConfig& config_;
  const StageView& stage_;
  ProblemList& problems_;
};

template <class Guarded>
std::string remark(const StageConfig& config, const Guarded& searcher) {
  return fmt::format("stage '{}', constraints '{}': {} {}", config.name, config.constraints, searcher.id(),
                     searcher.constraint_handling());
}

// A search that is carried may be decided by then.
bool begins_search(const StageParts& parts) {
  return parts.has_searcher() && !parts.config().carries("searcher") && !parts.searcher().finished();
}

void report_constraints(const StageConfig& config, const std::string& what, ProblemList& problems) {
  const std::string stage = config.space.pointer.substr(0, config.space.pointer.rfind('/'));
  problems.report(config.constraints_location, stage + "/constraints", what);
}

// A constraint on what the space does not count would never be met, or always; nor can training change an architecture
// that is given, or a search that does not heed constraints be relied on.
void check_constraints(const StageParts& parts, ProblemList& problems) {
  const StageConfig& config = parts.config();
  const GuardedSpace& space = parts.space();
  const StageView& view = parts.stage();
  const Constraints constraints(config.constraints);
  if (constraints.empty()) return;
  if (begins_search(parts) && parts.searcher().constraint_handling().empty())
    report_constraints(config,
                       fmt::format("{} does not keep to constraints, so stage '{}' may end in an architecture that "
                                   "violates '{}'; remove the constraints or use another searcher, such as dha.ista",
                                   parts.searcher().id(), config.name, config.constraints),
                       problems);
  Quantities cost;
  try {
    cost = space.cost(space.sample(at::detail::createCPUGenerator(0)));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kInvalidParameter) throw;
    return;  // the space has no architectures of its own to count
  }
  try {
    constraints.check_known(cost);
  } catch (const Error& error) {
    return report_constraints(config, error.what(), problems);
  }
  if (view.architecture().empty()) return;
  if (const std::string violated = view.violations(view.architecture()); !violated.empty())
    report_constraints(config,
                       fmt::format("the architecture of stage '{}' violates {}; relax the constraints or give another "
                                   "architecture",
                                   config.name, violated),
                       problems);
}

}  // namespace

void check_needs(const StageParts& parts, ProblemList& problems) {
  NeedCheck check(parts.config(), parts.stage(), problems);
  check.check(parts.space());
  // A search that is carried may be decided by then, and asks for nothing where it is.
  if (parts.has_searcher() && !parts.config().carries("searcher")) check.check(parts.searcher());
  for (const auto& augmenter : parts.augmenters()) check.check(*augmenter);
  check.check(parts.hyper());
  const ProbePlan plan = parts.hyper().probe();
  if (plan.time == ProbeTime::kBatch && plan.data == ProbeData::kValidation)
    check.check(need::kValidationImages, parts.hyper().use());
  check_constraints(parts, problems);
}

void check_needs(TrialParts& parts, const StageConfig& config, ProblemList& problems) {
  NeedCheck check(config, parts.stage(), problems);
  check.check(parts.searcher());
  check.check(need::kValidationImages, config.trials);  // trials are judged by them
}

std::string remark_on_constraints(const StageParts& parts) {
  if (parts.config().constraints.empty() || !begins_search(parts)) return "";
  return remark(parts.config(), parts.searcher());
}

std::string remark_on_constraints(TrialParts& parts, const StageConfig& config) {
  return config.constraints.empty() ? "" : remark(config, parts.searcher());
}

}  // namespace dha
