// Checkpoints: complete states as safetensors files with checksums that are verified on loading.
//
//   save_checkpoint(run.checkpoint("search", 3), state);
//   remove_old_checkpoints(run.file("checkpoints"), 2);
//   if (const auto found = latest_good_checkpoint(run.file("checkpoints"), report)) restore(found->state);
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dha/component.hpp"

namespace dha {

struct FoundCheckpoint {
  std::filesystem::path file;
  std::string stage;
  int64_t epoch = 0;  // number of epochs done
  State state;
};

// Writes atomically: metadata has "format", "json", "sequence" (one more than the highest in the folder) and "sha256"
// over all of them and every tensor's name, type, shape and bytes. Tensors are read twice and must not change
// meanwhile. Throws Error{kIo}, and Error{kContractViolation} for content that safetensors files cannot store.
void save_checkpoint(const std::filesystem::path& file, const State& state);

// Tensors on the CPU. Throws Error{kIo} if the file cannot be read and Error{kData} if it is damaged, is not a
// checkpoint, or has a format that this version does not read.
State load_checkpoint(const std::filesystem::path& file);

// Receives a sentence about each checkpoint that cannot be loaded.
using ReportDamage = std::function<void(const std::string&)>;

// The newest checkpoint that can be loaded, by "sequence", because copies lose file times. Damaged ones are
// passed to `report` and skipped. If `stage` is not "", only its checkpoints count. Empty if there is none. Throws
// Error{kData} for one of another version's format.
std::optional<FoundCheckpoint> latest_good_checkpoint(const std::filesystem::path& folder, const ReportDamage& report,
                                                      std::string_view stage = "");

// checkpoints/<stage>-best.safetensors, whether it exists or not.
std::filesystem::path best_checkpoint(const std::filesystem::path& folder, std::string_view stage);

// Makes best_checkpoint() of the checkpoint's folder another name of `checkpoint`, at once. It survives the removal of
// the first name and costs no space as long as both exist, except on file systems without hard links. No run continues
// from it. Throws Error{kIo}.
void keep_as_best(const std::filesystem::path& checkpoint, std::string_view stage);

// The files of a stage's checkpoints, the best and damaged ones included, in no order. Throws Error{kIo}.
std::vector<std::filesystem::path> checkpoints_of(const std::filesystem::path& folder, std::string_view stage);

// Keeps the newest `keep` checkpoints of each stage, at least one, besides the best, and removes the others, damaged
// ones first, and the temporary files of killed writers. Throws Error{kIo}.
void remove_old_checkpoints(const std::filesystem::path& folder, int64_t keep);

}  // namespace dha
