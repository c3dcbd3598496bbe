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

void report_constraints(const StageConfig& config, const std::string& what, ProblemList& problems) {
  const std::string stage = config.space.pointer.substr(0, config.space.pointer.rfind('/'));
  problems.report(config.constraints_location, stage + "/constraints", what);
}

// A constraint on what the space does not count would never be met, or always; nor can training change an architecture
// that is given.
void check_constraints(const StageConfig& config, const GuardedSpace& space, const StageView& view,
                       ProblemList& problems) {
  const Constraints constraints(config.constraints);
  if (constraints.empty()) return;
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
  check_constraints(parts.config(), parts.space(), parts.stage(), problems);
}

void check_needs(TrialParts& parts, const StageConfig& config, ProblemList& problems) {
  NeedCheck check(config, parts.stage(), problems);
  check.check(parts.searcher());
  check.check(need::kValidationImages, config.trials);  // trials are judged by them
}

}  // namespace dha
