#include "run/sweep_plan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "compare/settings.hpp"
#include "component/stage_check.hpp"
#include "dha/error.hpp"
#include "storage/atomic_file.hpp"
#include "storage/folders.hpp"

namespace dha {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

namespace {

constexpr const char* kSweepFormat = "dha.sweep/1";
constexpr size_t kMostRuns = 10'000;

using Combination = std::vector<std::pair<std::string, std::string>>;

std::vector<Combination> combinations(const std::vector<SweptSetting>& settings) {
  std::vector<Combination> all(1);
  for (const SweptSetting& setting : settings) {
    std::vector<Combination> longer;
    for (const Combination& one : all)
      for (const std::string& value : setting.values) {
        longer.push_back(one);
        longer.back().emplace_back(setting.path, value);
      }
    if (longer.size() > kMostRuns)
      throw Error(ErrorCode::kUsage, fmt::format("--set: more than {} combinations of values", kMostRuns));
    all = std::move(longer);
  }
  return all;
}

void check_settings(const std::vector<SweptSetting>& settings) {
  std::set<std::string> paths;
  for (const SweptSetting& setting : settings) {
    if (setting.path == "seed") throw Error(ErrorCode::kUsage, "--set seed: give seeds with --seeds");
    if (!paths.insert(setting.path).second)
      throw Error(ErrorCode::kUsage,
                  fmt::format("--set {0} is given twice; give all its values at once: --set {0}=V1,V2", setting.path));
  }
}

void check_differ(const std::vector<SweepRun>& runs) {
  std::map<std::string, const SweepRun*> known;
  for (const SweepRun& run : runs) {
    const auto [same, is_new] = known.emplace(run.pipeline, &run);
    if (!is_new)
      throw Error(ErrorCode::kUsage, fmt::format("two runs have the same pipeline: {}; and {}; name each setting and "
                                                 "value once",
                                                 same->second->in_words(), run.in_words()));
  }
}

Json to_json(const SweepPlan& plan) {
  Json json{{"format", kSweepFormat},    {"name", plan.name},       {"seeds", plan.seeds},
            {"settings", Json::array()}, {"threads", plan.threads}, {"runs", Json::array()}};
  for (const SweptSetting& setting : plan.settings)
    json["settings"].push_back({{"path", setting.path}, {"values", setting.values}});
  for (const SweepRun& run : plan.runs) {
    Json settings = Json::object();
    for (const auto& [path, value] : run.settings) settings[path] = value;
    json["runs"].push_back({{"folder", run.folder}, {"seed", run.seed}, {"settings", settings}});
  }
  return json;
}

Json read_plan(const fs::path& folder) {
  const fs::path file = folder / kSweepFile;
  Json json = Json::parse(read_file(file), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || json.value("format", "") != kSweepFormat || !json.contains("seeds") ||
      !json.contains("settings") || !json.value("threads", Json()).is_number_integer())
    throw Error(ErrorCode::kData, fmt::format("{} is damaged or has another format than \"{}\"; choose another folder "
                                              "with --out",
                                              file.string(), kSweepFormat));
  return json;
}

Error other_sweep(const fs::path& folder, const std::string& difference) {
  return {ErrorCode::kUsage, fmt::format("{} has another sweep: {}; repeat the command that it began with, or choose "
                                         "another folder with --out",
                                         folder.string(), difference)};
}

void check_same_pipeline(const fs::path& folder, const SweepRun& run) {
  const std::string then = read_file(folder / run.folder / "pipeline.json");
  if (then == run.pipeline) return;
  const Json before = Json::parse(then, nullptr, /*allow_exceptions=*/false);
  const compare::Settings was = compare::settings_of(before), is = compare::settings_of(Json::parse(run.pipeline));
  for (const compare::Difference& one : compare::differences({&was, &is}))
    throw other_sweep(folder, fmt::format("{} of its pipeline was {}, is {}", one.pointer,
                                          one.values[0].value_or("absent"), one.values[1].value_or("absent")));
}

void check_same(const fs::path& folder, const SweepPlan& plan) {
  const Json then = read_plan(folder), now = to_json(plan);
  for (const char* key : {"name", "seeds", "settings", "threads", "runs"})
    if (then.value(key, Json()) != now.at(key))
      throw other_sweep(folder,
                        fmt::format("its {} were {}, are {}", key, then.value(key, Json()).dump(), now.at(key).dump()));
  for (const SweepRun& run : plan.runs) check_same_pipeline(folder, run);
}

// A first call that was killed may have left folders of runs, but nothing else.
void check_is_free(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    const bool is_number = std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!is_number && !name.starts_with('.'))
      throw Error(ErrorCode::kUsage, fmt::format("--out: '{}' contains '{}' and is no folder of a sweep; name a new or "
                                                 "empty one",
                                                 folder.string(), name));
  }
}

}  // namespace

std::string SweepRun::in_words() const {
  std::string text = fmt::format("seed {}", seed);
  for (const auto& [path, value] : settings) text += fmt::format(", {}={}", path, value);
  return text;
}

SweepPlan plan_sweep(const fs::path& file, const std::vector<Override>& overrides, const std::vector<uint64_t>& seeds,
                     const std::vector<SweptSetting>& settings, int64_t threads, const PluginRegistry& registry) {
  check_settings(settings);
  SweepPlan plan{"", seeds, settings, threads, {}};
  for (const Combination& combination : combinations(settings)) {
    std::vector<Override> changes = overrides;
    for (const auto& [path, value] : combination) changes.push_back({path, value, ""});
    const PipelineConfig config = load_pipeline(file, changes, registry);
    check_without_data(config, registry);
    if (plan.name.empty()) plan.name = config.name;
    if (plan.seeds.empty()) plan.seeds = {config.seed};
    for (const uint64_t seed : plan.seeds) {
      if (plan.runs.size() == kMostRuns)
        throw Error(ErrorCode::kUsage, fmt::format("the sweep has more than {} runs", kMostRuns));
      Json pipeline = Json::parse(config.resolved_json);
      pipeline["seed"] = seed;
      plan.runs.push_back({fmt::format("{:03}", plan.runs.size() + 1), seed, combination, pipeline.dump(2) + "\n"});
    }
  }
  check_differ(plan.runs);
  return plan;
}

int64_t recorded_threads(const fs::path& folder) {
  return fs::exists(folder / kSweepFile) ? read_plan(folder).at("threads").get<int64_t>() : 0;
}

void record_sweep(const fs::path& folder, const SweepPlan& plan) {
  if (fs::exists(folder / kSweepFile)) return check_same(folder, plan);
  check_is_free(folder);
  make_folders(folder);
  for (const SweepRun& run : plan.runs) {
    make_folders(folder / run.folder);
    write_file_atomically(folder / run.folder / "pipeline.json", run.pipeline);
  }
  write_file_atomically(folder / kSweepFile, to_json(plan).dump(2) + "\n");  // last, so that all of the rest is there
}

}  // namespace dha
