// tensorboard/ of a run: its rows of numbers, settings and texts, as TensorBoard reads them.
//
// All is in one file, whose records are whole and in place whenever a function returns, so that a resumed run cuts it
// back to a checkpoint's length as it does metrics.jsonl. Records of the same content have the same length: a
// TensorBoard that has read on before the cut finds the next record where it waits for it.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "pipeline/pipeline.hpp"
#include "report/event_file.hpp"
#include "storage/run_directory.hpp"

namespace dha {

// Below the run directory. Readers know such a file by "tfevents" in its name; where others have a time and a host, the
// name is the same in every run.
inline constexpr const char* kEventFile = "tensorboard/events.out.tfevents.0.dha";

class RunEvents {
 public:
  // Appends, or begins with the pipeline, its compared_values() and the command. Throws Error{kIo}.
  RunEvents(const RunDirectory& directory, const PipelineConfig& config);

  // `steps`: that the run has trained before the stage that begins.
  void begin_stage(int64_t steps) { steps_before_ = steps; }

  // The numbers of `row` as scalars "<group>/<name>", those within objects as "<group>/<object>.<name>", but for
  // "epoch" and "step", in whose place `step` is: of the stage. Lists are left out. Throws Error{kIo}.
  void write(const std::string& group, int64_t step, const nlohmann::ordered_json& row);

  // The run has finished. Throws Error{kIo}.
  void finish();
  // The run has failed; not told where that cannot be written either.
  void fail() noexcept;

 private:
  void begin(const PipelineConfig& config);
  void end(int32_t status);
  void append(int64_t step, std::string_view summary);

  EventFile file_;
  int64_t steps_before_ = 0;
};

}  // namespace dha
