#include "component/stage_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

#include "component/dataset_shape.hpp"
#include "component/stage_needs.hpp"
#include "component/stage_parts.hpp"
#include "component/trial_parts.hpp"
#include "dha/error.hpp"
#include "dha/nas/decided_gates.hpp"
#include "model/precision.hpp"
#include "pipeline/pipeline_error.hpp"

namespace dha {

namespace {

// Whether an error says that something does not fit, rather than that something broke.
bool is_refusal(const Error& error) {
  return error.code() == ErrorCode::kInvalidConfig || error.code() == ErrorCode::kInvalidParameter ||
         error.code() == ErrorCode::kContractViolation || error.code() == ErrorCode::kData ||
         error.code() == ErrorCode::kNotFound;
}

// What the machine lacks at the moment is not the pipeline's fault.
bool is_left_to_the_run(const Error& error) {
  return error.code() == ErrorCode::kIo || error.code() == ErrorCode::kResource;
}

std::vector<const ComponentUse*> components_of(const StageConfig& stage) {
  std::vector<const ComponentUse*> uses;
  for (const ComponentUse* use : {&stage.space, &stage.searcher, &stage.hyper, &stage.trials})
    if (*use) uses.push_back(use);
  for (const ComponentUse& augmenter : stage.augment) uses.push_back(&augmenter);
  return uses;
}

void report(const Error& error, const ComponentUse& use, ProblemList& problems) {
  if (error.code() == ErrorCode::kCancelled) throw error;
  if (!is_left_to_the_run(error))
    problems.report(use.location, use.pointer, std::string("cannot be used: ") + error.what(), error.code());
}

// Begins stages as the run does, with untrained ones in the place of those that they come from.
class UntrainedStages {
 public:
  // `images`: the run's, or null while its data set is not open.
  UntrainedStages(const PipelineConfig& config, const StageEnvironment& environment, const RunImages* images,
                  ProblemList& problems)
      : config_(config), environment_(environment), images_(images), problems_(problems) {}

  void begin_all() {
    for (const StageConfig& stage : config_.stages) {
      try {
        begun_[stage.name] = begin(stage);
      } catch (const ComponentError& error) {
        report(error, error.use(), problems_);
      }
    }
  }

  const std::vector<std::string>& remarks() const { return remarks_; }

 private:
  // With its network; null where training alone tells which one that is, or its space cannot make it without values. A
  // search that is carried counts as decided.
  std::unique_ptr<StageParts> begin(const StageConfig& stage) {
    StageEnvironment environment = environment_;
    if (images_ != nullptr) environment.images = count_images(choose_stage_images(*images_, stage, config_.seed));
    auto parts = std::make_unique<StageParts>(stage, environment, stage.name);
    check_needs(*parts, problems_);
    add_remark(remark_on_constraints(*parts));
    if (stage.trials) {
      attach_trials(stage, environment);
      return nullptr;
    }
    if (stage.from.empty()) {
      without_values([&] { parts->make_network(); });
      return parts->has_network() ? std::move(parts) : nullptr;
    }
    const std::unique_ptr<StageParts>& earlier = begun_[stage.from];
    if (!earlier) {
      begin_after_unknown(stage, *parts);
      return nullptr;
    }
    State state;
    if (!without_values([&] { state = earlier->state(); })) return nullptr;
    take(stage, "searcher", [&] { parts->carry_searcher(state); });
    take(stage, "augment", [&] { parts->carry_augmenters(state); });
    without_values([&] { make_network(stage, *earlier, *parts); });
    if (!parts->has_network()) return nullptr;
    take(stage, "weights", [&] { carry_weights(*earlier, *parts); });
    const char* hyper = stage.carries("hyper") ? "hyper" : "momentum";
    take(stage, hyper, [&] { parts->carry_hyper(state, {stage.carries("hyper"), stage.carries("momentum")}); });
    return parts;
  }

  // The architecture that trials carry is known where a search comes before them, even if that has not trained.
  void attach_trials(const StageConfig& stage, const StageEnvironment& environment) {
    std::string carried;
    if (stage.carries("architecture")) {
      const std::unique_ptr<StageParts>& earlier = begun_[stage.from];
      if (!earlier) return;
      carried = earlier->architecture();
    }
    TrialParts trials(stage, environment, carried);
    check_needs(trials, stage, problems_);
    add_remark(remark_on_constraints(trials, stage));
  }

  void add_remark(const std::string& remark) {
    if (!remark.empty()) remarks_.push_back(remark);
  }

  // Trials leave a network whose architecture is decided.
  void begin_after_unknown(const StageConfig& stage, StageParts& parts) {
    if (stage.carries("architecture") || stage.carries("searcher")) return;
    without_values([&] { parts.make_network(); });
    if (stage_named(stage.from).trials && parts.has_network() && parts.searches())
      take(stage, "weights", [&] { throw supernet_from_lean_error(stage.name, stage.from); });
  }

  const StageConfig& stage_named(const std::string& name) const {
    return *std::find_if(config_.stages.begin(), config_.stages.end(),
                         [&](const StageConfig& stage) { return stage.name == name; });
  }

  // Leaves the network out where the earlier stage's architecture does not fit yet and one that it comes to may.
  static void make_network(const StageConfig& stage, const StageParts& earlier, StageParts& parts) {
    if (!stage.carries("architecture") && !stage.carries("searcher")) return parts.make_network();
    try {
      parts.make_network(earlier.architecture());
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kInvalidParameter) throw;
    }
  }

  void carry_weights(const StageParts& earlier, StageParts& parts) const {
    // Whether a search that the earlier stage carried on is decided then shows at its end.
    if (parts.searches() && !earlier.searches() && earlier.config().carries("searcher")) return;
    if (parts.searches() || !earlier.searches()) {
      parts.carry_weights(earlier, CarryMode::kExact);
      return;
    }
    Gates gates;
    try {
      gates = nas::decided_gates(earlier.space().decisions(parts.architecture()),
                                 at::TensorOptions(at::kMeta).dtype(environment_.dtype));
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kInvalidParameter) throw;
      return;  // no outcome of that search
    }
    parts.space().carry_weights(earlier.network(), gates, parts.network(), CarryMode::kExact);
  }

  template <class Take>
  void take(const StageConfig& stage, const char* what, Take&& take) {
    const auto item = std::find(stage.carry.begin(), stage.carry.end(), what);
    if (item == stage.carry.end()) return;
    try {
      take();
    } catch (const Error& error) {
      if (!is_refusal(error)) return;
      problems_.report(stage.carry_location,
                       fmt::format("/stages/{}/carry/{}", &stage - config_.stages.data(), item - stage.carry.begin()),
                       fmt::format("carries '{}' from stage '{}' into stage '{}', where it does not fit ({}); make the "
                                   "two stages compatible or remove '{}' from carry",
                                   what, stage.from, stage.name, error.what(), what));
    }
  }

  // False where that does not work without values.
  template <class Make>
  static bool without_values(Make&& make) {
    try {
      make();
      return true;
    } catch (const Error& error) {
      if (is_refusal(error)) throw;
      return false;
    }
  }

  const PipelineConfig& config_;
  const StageEnvironment& environment_;
  const RunImages* images_;
  ProblemList& problems_;
  std::map<std::string, std::unique_ptr<StageParts>> begun_;  // by name
  std::vector<std::string> remarks_;
};

// Each by itself, so that every one that refuses its parameters is named.
void create_components(const PipelineConfig& config, const PluginRegistry& registry, const ContextServices& services,
                       ProblemList& problems) {
  std::vector<const ComponentUse*> uses{&config.dataset.component};
  for (const StageConfig& stage : config.stages)
    for (const ComponentUse* use : components_of(stage)) uses.push_back(use);
  for (const ComponentUse* use : uses) {
    ComponentContext context(services, use->id, use->pointer);
    try {
      registry.create_object("", use->id, use->params_json, context);
    } catch (const Error& error) {
      report(error, *use, problems);
    }
  }
}

// Colours that are still to be measured change no shape.
DatasetInfo with_colours(DatasetInfo info) {
  if (info.mean.empty()) info.mean.assign(static_cast<size_t>(info.channels), 0.5);
  if (info.standard_deviation.empty()) info.standard_deviation.assign(static_cast<size_t>(info.channels), 0.25);
  return info;
}

}  // namespace

std::vector<std::string> check_stages(const PipelineConfig& config, const PluginRegistry& registry,
                                      const std::optional<DatasetInfo>& shape, const RunImages* images,
                                      const ContextServices& services) {
  ContextServices silent = services;
  silent.log = nullptr;
  ProblemList problems;
  create_components(config, registry, silent, problems);
  problems.throw_if_any();
  if (!shape) return {};
  const DatasetInfo info = with_colours(*shape);
  const StageEnvironment environment{
      registry, silent, info, weight_type(config.precision), config.channels_last, {}, /*shapes_only=*/true};
  UntrainedStages stages(config, environment, images, problems);
  stages.begin_all();
  problems.throw_if_any();
  return stages.remarks();
}

std::vector<std::string> check_without_data(const PipelineConfig& config, const PluginRegistry& registry) {
  try {
    ProblemList problems;
    std::optional<DatasetInfo> shape;
    try {
      shape = declared_shape(config, registry);
    } catch (const ComponentError& error) {
      report(error, error.use(), problems);
    }
    problems.throw_if_any();
    return check_stages(config, registry, shape, nullptr, {nullptr, at::kCPU, config.seed, {}});
  } catch (const PipelineError& error) {
    ProblemList problems;
    for (const PipelineProblem& problem : error.problems())
      if (problem.code != ErrorCode::kDevice) problems.add(problem);
    problems.throw_if_any();
    return {};
  }
}

}  // namespace dha
