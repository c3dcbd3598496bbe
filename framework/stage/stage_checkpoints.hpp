// The checkpoints of one stage: names, the one to continue from, how many to keep. No checkpoint contains non-finite
// numbers.
#pragma once

#include <filesystem>
#include <string>

#include "dha/component.hpp"
#include "stage/run_context.hpp"
#include "stage/stage_position.hpp"

namespace dha {

class StageCheckpoints {
 public:
  // References outlive the object.
  StageCheckpoints(const RunContext& run, const StageConfig& config) : run_(run), config_(config) {}

  // The checkpoint to continue from if the run ends before this stage has one.
  void set_fallback(const std::filesystem::path& checkpoint) { last_ = checkpoint; }

  // The stage continues from its checkpoint of this position.
  void resume_at(const StagePosition& position) { last_ = file_at(position); }

  // Whether one is due within the epoch, `seconds` after the last one.
  bool is_due(const StagePosition& position, double seconds) const;

  // Writes the checkpoint of `position` and removes old ones. Throws Error{kIo}, and Error{kDiverged} if a tensor of
  // the network is not finite or one of a component is NaN: an unusable checkpoint must not replace a usable one.
  void save(const StagePosition& position, const State& state);

  // The same for a checkpoint that the next one replaces.
  void save_until_next(const StagePosition& position, const State& checkpoint);

  // Keeps what save_until_next() has just written as the checkpoint of the best epoch so far. Throws Error{kIo}.
  void keep_as_best() const;

  const std::filesystem::path& last() const { return last_; }
  std::string last_in_words() const;

 private:
  std::filesystem::path file_at(const StagePosition& position) const;
  void check_finite(const StagePosition& position, const State& checkpoint) const;

  const RunContext& run_;
  const StageConfig& config_;
  std::filesystem::path last_, until_next_;
};

}  // namespace dha
