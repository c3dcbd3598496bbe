#include "training/carry_check.hpp"

#include <ATen/ops/ones.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "dha/error.hpp"
#include "model/precision.hpp"
#include "pipeline/pipeline_error.hpp"
#include "training/stage_parts.hpp"

namespace dha {

namespace {

// Whether an error says that a state or weights do not fit, rather than that something broke.
bool is_refusal(ErrorCode code) {
  return code == ErrorCode::kInvalidConfig || code == ErrorCode::kInvalidParameter ||
         code == ErrorCode::kContractViolation || code == ErrorCode::kData;
}

Gates decided_gates(const Decisions& decisions, at::ScalarType type) {
  Gates gates;
  for (const std::vector<int64_t>& kept : decisions)
    gates.choices.push_back({kept, at::ones({static_cast<int64_t>(kept.size())}, type), {}, /*frozen=*/true});
  return gates;
}

// Begins stages as the run does, with untrained ones in the place of those that they come from.
class UntrainedStages {
 public:
  UntrainedStages(const PipelineConfig& config, const StageEnvironment& environment)
      : config_(config), environment_(environment) {}

  // With its network; null where training alone tells which one that is. A search that is carried counts as decided.
  std::unique_ptr<StageParts> begin(const StageConfig& stage) const {
    if (stage.trials) return nullptr;
    auto parts = std::make_unique<StageParts>(stage, environment_, stage.name);
    if (stage.from.empty()) {
      parts->make_network();
      return parts;
    }
    const std::unique_ptr<StageParts> earlier = begin(stage_named(stage.from));
    if (!earlier) return nullptr;
    const State state = earlier->state();
    take(stage, "searcher", [&] { parts->restore_searcher(state); });
    take(stage, "augment", [&] { parts->restore_augmenters(state); });
    if (!make_network(stage, *earlier, *parts)) return nullptr;
    take(stage, "weights", [&] { carry_weights(*earlier, *parts); });
    take(stage, "hyper", [&] { parts->restore_hyper(state); });
    return parts;
  }

 private:
  const StageConfig& stage_named(const std::string& name) const {
    return *std::find_if(config_.stages.begin(), config_.stages.end(),
                         [&](const StageConfig& stage) { return stage.name == name; });
  }

  // False where the earlier stage's architecture does not fit yet and one that it comes to may.
  static bool make_network(const StageConfig& stage, const StageParts& earlier, StageParts& parts) {
    if (!stage.carries("architecture") && !stage.carries("searcher")) return parts.make_network(), true;
    try {
      parts.make_network(earlier.architecture());
      return true;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kInvalidParameter) throw;
      return false;
    }
  }

  void carry_weights(const StageParts& earlier, StageParts& parts) const {
    // Whether a search that the earlier stage carried on is decided then shows at its end.
    if (parts.searches() && !earlier.searches() && earlier.config().carries("searcher")) return;
    if (parts.searches() || !earlier.searches()) return parts.carry_weights(earlier);
    Gates gates;
    try {
      gates = decided_gates(
          earlier.space().call("decisions", [&](Space& space) { return space.decisions(parts.architecture()); }),
          environment_.dtype);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kInvalidParameter) throw;
      return;  // no outcome of that search
    }
    parts.space().call("carry_weights",
                       [&](Space& space) { space.carry_weights(earlier.network(), gates, parts.network()); });
  }

  template <class Take>
  void take(const StageConfig& stage, const char* what, Take&& take) const {
    const auto item = std::find(stage.carry.begin(), stage.carry.end(), what);
    if (item == stage.carry.end()) return;
    try {
      take();
    } catch (const Error& error) {
      if (!is_refusal(error.code())) throw;
      ProblemList problems;
      problems.report(stage.carry_place,
                      fmt::format("/stages/{}/carry/{}", &stage - config_.stages.data(), item - stage.carry.begin()),
                      fmt::format("carries '{}' from stage '{}' into stage '{}', where it does not fit ({}); make the "
                                  "two stages alike or take '{}' out of carry",
                                  what, stage.from, stage.name, error.what(), what));
      problems.throw_if_any();
    }
  }

  const PipelineConfig& config_;
  const StageEnvironment& environment_;
};

}  // namespace

void check_carry(const PipelineConfig& config, const StageConfig& stage, const PluginRegistry& registry,
                 const DatasetInfo& info) {
  if (stage.carry.empty()) return;
  DatasetInfo complete = info;
  // Colours that are still to be measured change no shape.
  if (info.mean.empty()) complete.mean.assign(static_cast<size_t>(info.channels), 0.5);
  if (info.standard_deviation.empty()) complete.standard_deviation.assign(static_cast<size_t>(info.channels), 0.25);
  const ContextServices services{nullptr, at::kCPU, config.seed, {}};
  UntrainedStages(config, {registry, services, complete, weight_type(config.precision), config.channels_last})
      .begin(stage);
}

}  // namespace dha
