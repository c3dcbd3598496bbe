#include "storage/checkpoint_store.hpp"

#include <ATen/core/Tensor.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "dha/error.hpp"
#include "storage/atomic_file.hpp"
#include "storage/io_error.hpp"
#include "storage/safetensors.hpp"
#include "storage/sha256.hpp"

namespace dha {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFormatName = "dha.checkpoint/";
constexpr std::string_view kFormat = "dha.checkpoint/2";
constexpr std::string_view kExtension = ".safetensors";

// A file named as RunDirectory::checkpoint() names it.
struct CheckpointName {
  fs::path file;
  std::string stage;
  int64_t epoch = 0, step = 0;
};

std::optional<int64_t> parse_number(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

std::optional<CheckpointName> parse_name(const fs::path& file) {
  const std::string stem = file.stem().string();
  const size_t dash = stem.rfind('-');
  if (file.extension() != kExtension || dash == std::string::npos || dash == 0) return std::nullopt;
  const std::string_view position = std::string_view(stem).substr(dash + 1);
  const size_t point = std::min(position.find('.'), position.size());
  const auto epoch = parse_number(position.substr(0, point));
  const auto step = point < position.size() ? parse_number(position.substr(point + 1)) : int64_t{0};
  if (point < 4 || !epoch || !step) return std::nullopt;
  return CheckpointName{file, stem.substr(0, dash), *epoch, *step};
}

// Empty where there is no such folder.
std::vector<CheckpointName> list_checkpoints(const fs::path& folder) {
  std::vector<CheckpointName> names;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    if (auto name = parse_name(at->path())) names.push_back(std::move(*name));
  if (error && error != std::errc::no_such_file_or_directory) throw_io_error("list", folder, error.value());
  return names;
}

// Lengths keep neighbouring texts apart.
void add(Sha256& sum, std::string_view text) {
  sum.update(fmt::format("{}:", text.size()));
  sum.update(text);
}

std::string checksum(const State& state, std::string_view sequence) {
  Sha256 sum;
  add(sum, kFormat);
  add(sum, sequence);
  add(sum, state.json);
  for (const auto& [name, tensor] : state.tensors) {
    add(sum, name);
    add(sum, c10::toString(tensor.scalar_type()));
    add(sum, fmt::format("{}", fmt::join(tensor.sizes(), ",")));
    const at::Tensor stored = tensor.detach().to(at::kCPU).contiguous().resolve_conj().resolve_neg();
    sum.update(stored.const_data_ptr(), stored.nbytes());
  }
  return sum.finish();
}

// -1 where it is missing.
int64_t sequence_of(const std::map<std::string, std::string>& metadata) {
  const auto found = metadata.find("sequence");
  return found == metadata.end() ? -1 : parse_number(found->second).value_or(-1);
}

// -1 where the file has none or is damaged.
int64_t readable_sequence(const fs::path& file) {
  try {
    return sequence_of(load_safetensors_metadata(file));
  } catch (const Error&) {
    return -1;
  }
}

const std::string& required(const std::map<std::string, std::string>& metadata, const char* key, const fs::path& file) {
  const auto found = metadata.find(key);
  if (found == metadata.end())
    throw Error(ErrorCode::kData, fmt::format("'{}' is not a checkpoint: its metadata lack '{}'; give a file from the "
                                              "checkpoints folder of a run",
                                              file.string(), key));
  return found->second;
}

void check_format(const std::string& format, const fs::path& file) {
  if (format == kFormat) return;
  const bool is_ours = format.starts_with(kFormatName);
  throw Error(
      ErrorCode::kData,
      is_ours
          ? fmt::format("'{}' has format {:?}, this version of dha reads {:?}; use the version that wrote it",
                        file.string(), format, kFormat)
          : fmt::format("'{}' is not a checkpoint: its format is {:?}, expected {:?}", file.string(), format, kFormat));
}

}  // namespace

void save_checkpoint(const fs::path& file, const State& state) {
  for (const auto& [name, tensor] : state.tensors)
    if (!tensor.defined() || tensor.layout() != at::kStrided)
      throw Error(ErrorCode::kContractViolation,
                  fmt::format("tensor '{}' of a state is undefined or sparse; leave it out or make it dense", name));
  int64_t newest = -1;
  for (const CheckpointName& name : list_checkpoints(file.has_parent_path() ? file.parent_path() : fs::path(".")))
    newest = std::max(newest, readable_sequence(name.file));
  const std::string sequence = std::to_string(newest + 1);
  save_safetensors(file, {state.tensors,
                          {{"format", std::string(kFormat)},
                           {"json", state.json},
                           {"sequence", sequence},
                           {"sha256", checksum(state, sequence)}}});
}

State load_checkpoint(const fs::path& file) {
  SafetensorsFile content = load_safetensors(file);
  check_format(required(content.metadata, "format", file), file);
  State state{std::move(content.tensors), required(content.metadata, "json", file)};
  const std::string found = checksum(state, required(content.metadata, "sequence", file));
  if (required(content.metadata, "sha256", file) != found)
    throw Error(ErrorCode::kData,
                fmt::format("'{}' is damaged: its checksum does not match its content; use an earlier "
                            "checkpoint",
                            file.string()));
  return state;
}

std::optional<FoundCheckpoint> latest_good_checkpoint(const fs::path& folder, const ReportDamage& report,
                                                      std::string_view stage) {
  struct Candidate {
    CheckpointName name;
    int64_t sequence;
  };
  std::vector<Candidate> candidates;
  for (CheckpointName& name : list_checkpoints(folder)) {
    if (!stage.empty() && name.stage != stage) continue;
    std::map<std::string, std::string> metadata;
    try {
      metadata = load_safetensors_metadata(name.file);
    } catch (const Error& error) {
      report(error.what());
      continue;
    }
    // One of another version is no damage: to go on without it would lose what it holds.
    if (const auto format = metadata.find("format");
        format != metadata.end() && format->second.starts_with(kFormatName))
      check_format(format->second, name.file);
    const int64_t sequence = sequence_of(metadata);
    candidates.push_back({std::move(name), sequence});
  }
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return std::tie(a.sequence, a.name.epoch, a.name.step) > std::tie(b.sequence, b.name.epoch, b.name.step);
  });
  for (const Candidate& candidate : candidates) {
    try {
      return FoundCheckpoint{candidate.name.file, candidate.name.stage, candidate.name.epoch,
                             load_checkpoint(candidate.name.file)};
    } catch (const Error& error) {
      report(error.what());
    }
  }
  return std::nullopt;
}

std::vector<fs::path> checkpoints_of(const fs::path& folder, std::string_view stage) {
  std::vector<fs::path> files;
  for (const CheckpointName& name : list_checkpoints(folder))
    if (name.stage == stage) files.push_back(name.file);
  if (fs::path best = best_checkpoint(folder, stage); fs::exists(best)) files.push_back(std::move(best));
  return files;
}

// parse_name() takes it for no checkpoint to continue from.
fs::path best_checkpoint(const fs::path& folder, std::string_view stage) {
  return folder / fmt::format("{}-best{}", stage, kExtension);
}

void keep_as_best(const fs::path& checkpoint, std::string_view stage) {
  const fs::path folder = checkpoint.parent_path(), best = best_checkpoint(folder, stage);
  std::error_code error;
  if (fs::equivalent(checkpoint, best, error)) return;  // rename() would leave both names of one file
  const fs::path temporary = folder / ".dha-best.tmp";  // which remove_abandoned_temporaries() knows
  fs::remove(temporary, error);
  fs::create_hard_link(checkpoint, temporary, error);
  if (error) return write_file_atomically(best, read_file(checkpoint));
  fs::rename(temporary, best, error);
  if (error) throw_io_error("write", best, error.value());
  flush_folder(folder);
}

void remove_old_checkpoints(const fs::path& folder, int64_t keep) {
  remove_abandoned_temporaries(folder);
  std::map<std::string, std::vector<std::pair<int64_t, fs::path>>> stages;
  for (const CheckpointName& name : list_checkpoints(folder))
    stages[name.stage].emplace_back(readable_sequence(name.file), name.file);
  for (auto& [stage, files] : stages) {
    std::sort(files.begin(), files.end(), std::greater<>());
    for (size_t i = static_cast<size_t>(std::max<int64_t>(keep, 1)); i < files.size(); ++i) {
      std::error_code error;
      fs::remove(files[i].second, error);
      if (error) throw_io_error("remove", files[i].second, error.value());
    }
  }
}

}  // namespace dha
