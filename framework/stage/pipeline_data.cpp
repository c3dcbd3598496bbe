#include "stage/pipeline_data.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "component/component_json.hpp"
#include "data/class_images.hpp"
#include "dha/error.hpp"
#include "process/long_work.hpp"
#include "report/log.hpp"
#include "storage/atomic_file.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

constexpr const char* kFormat = "dha.dataset/1";
// Enough for three digits of a mean; a whole ImageNet would take an hour.
constexpr int64_t kStatisticsImages = 20000;

// `params_json` with those of `chosen` that it lacks.
std::string completed(const std::string& params_json, const std::string& chosen) {
  Json params = Json::parse(params_json);
  const Json additions = Json::parse(chosen);
  for (const auto& [name, value] : additions.items())
    if (!params.contains(name)) params[name] = value;
  return params.dump();
}

bool covers(DataChange allowed, const DataDifference& found) {
  if (allowed == DataChange::kSameClasses) return !found.is_of_classes;
  return allowed == DataChange::kContent && found.is_of_content_only;
}

bool has_statistics(const DatasetInfo& info) { return !info.mean.empty() && !info.standard_deviation.empty(); }

}  // namespace

PipelineData::PipelineData(const PluginRegistry& registry, const ContextServices& services,
                           const PipelineConfig& config, const std::filesystem::path& facts, DataChange allowed,
                           DataChange acceptable)
    : use_(config.dataset.component) {
  const LongWork work("opening the data set");
  std::optional<Facts> known = read(facts);
  if (known) use_.params_json = completed(use_.params_json, known->chosen_params);
  slot_ = std::make_unique<ComponentSlot<Dataset>>(registry, services, use_, "dataset");
  open_ = std::make_unique<OpenDataset>(slot_->id(), slot_->object());
  identity_ = identity_of(*open_);
  file_sizes_ = measure_file_sizes();
  if (known) {
    check(*known, allowed, acceptable, services.log);
    if (allowed == DataChange::kContent) {
      known->identity = identity_;
      known->file_sizes = file_sizes_;
      write(facts, *known);
    }
  }
  images_ = choose_images(*open_, config.dataset, config.seed);
  const std::string rare = describe_rare_classes(images_.train);
  if (services.log != nullptr && !rare.empty()) services.log->write(LogLevel::kWarning, slot_->id(), rare);
  if (!known) {
    known = Facts{identity_,
                  {},
                  slot_->call("chosen_params", [](Dataset& dataset) { return dataset.chosen_params(); }),
                  file_sizes_};
    parse_component_json(slot_->id(), "chosen_params", known->chosen_params);
    if (!has_statistics(open_->info()))
      known->statistics = measure_statistics(images_.train, kStatisticsImages, config.loader_threads);
    write(facts, *known);
  }
  if (known->statistics && !has_statistics(open_->info()))
    open_->set_statistics(known->statistics->mean, known->statistics->standard_deviation);
}

ComponentUse PipelineData::with_chosen_params(ComponentUse use, const std::filesystem::path& facts) {
  if (const std::optional<Facts> known = read(facts))
    use.params_json = completed(use.params_json, known->chosen_params);
  return use;
}

std::optional<DatasetInfo> PipelineData::known_info(DatasetInfo info, const std::filesystem::path& facts) {
  const std::optional<Facts> known = read(facts);
  if (!known) return std::nullopt;
  info.class_names = known->identity.class_names;
  if (!info.class_names.empty()) info.classes = static_cast<int64_t>(info.class_names.size());
  if (!has_statistics(info) && known->statistics) {
    info.mean = known->statistics->mean;
    info.standard_deviation = known->statistics->standard_deviation;
  }
  const bool is_complete = info.classes > 0 && info.channels > 0 && info.height > 0 && info.width > 0;
  return is_complete && has_statistics(info) ? std::optional(std::move(info)) : std::nullopt;
}

std::string PipelineData::measure_file_sizes() const {
  const void* sizes = slot_->call("capability", [](Dataset& one) { return one.capability(FileSizes::kCapability); });
  return sizes == nullptr ? "" : digest_of_sizes(*open_, *static_cast<const FileSizes*>(sizes));
}

std::optional<DataDifference> PipelineData::difference_from(const Facts& then) const {
  if (const auto found = difference(then.identity, identity_)) return found;
  if (then.file_sizes.empty() || file_sizes_.empty() || then.file_sizes == file_sizes_) return std::nullopt;
  return DataDifference{"image files have other sizes under the same names", false, true};
}

void PipelineData::check(const Facts& then, DataChange allowed, DataChange acceptable, Log* log) const {
  const std::optional<DataDifference> found = difference_from(then);
  if (!found) return;
  const std::string changed = "the data set differs from that of the run: " + found->text;
  if (!covers(allowed, *found))
    throw Error(
        ErrorCode::kData,
        fmt::format("{}: {}; restore it, or {}", slot_->id(), changed,
                    covers(acceptable, *found) ? "accept the change with --accept-changed-data" : "start a new run"));
  if (log != nullptr) log->write(LogLevel::kWarning, slot_->id(), changed);
}

// Empty where there is none, or a file that cannot be used: it is written again.
std::optional<PipelineData::Facts> PipelineData::read(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return std::nullopt;
  const Json json = Json::parse(read_file(file), nullptr, false);
  try {
    if (json.at("format") != kFormat) return std::nullopt;
    Facts facts{data_identity_from_json(json.at("identity")),
                {},
                json.at("chosen_params").dump(),
                json.value("file_sizes_sha256", "")};
    if (json.contains("mean")) facts.statistics = {json.at("mean"), json.at("standard_deviation")};
    return facts;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

void PipelineData::write(const std::filesystem::path& file, const Facts& facts) {
  Json json{
      {"format", kFormat}, {"identity", to_json(facts.identity)}, {"chosen_params", Json::parse(facts.chosen_params)}};
  if (!facts.file_sizes.empty()) json["file_sizes_sha256"] = facts.file_sizes;
  if (facts.statistics) {
    json["mean"] = facts.statistics->mean;
    json["standard_deviation"] = facts.statistics->standard_deviation;
  }
  write_file_atomically(file, json.dump(2) + "\n");
}

}  // namespace dha
