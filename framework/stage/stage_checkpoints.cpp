#include "stage/stage_checkpoints.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/isnan.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "dha/error.hpp"
#include "process/time_limit.hpp"
#include "storage/checkpoint_store.hpp"

namespace dha {

namespace {

// One copy of each tensor from a device, where checking and writing would make one each.
State on_the_host(State state) {
  for (auto& [name, tensor] : state.tensors)
    if (tensor.defined()) tensor = tensor.detach().to(at::kCPU);
  return state;
}

// A component may keep an infinity, as a best loss at first; the network may not. What cannot be saved is not for this
// to refuse.
bool is_sound(const std::string& name, const at::Tensor& tensor) {
  if (!tensor.defined() || tensor.layout() != at::kStrided || !tensor.is_floating_point()) return true;
  return name.starts_with("network/") ? tensor.isfinite().all().item<bool>() : !tensor.isnan().any().item<bool>();
}

}  // namespace

std::filesystem::path StageCheckpoints::file_at(const StagePosition& position) const {
  return run_.directory.checkpoint(config_.name, position.epoch, position.step);
}

bool StageCheckpoints::is_due(const StagePosition& position, double seconds) const {
  const PipelineConfig& config = run_.config;
  return (config.checkpoint_every_steps > 0 && position.step % config.checkpoint_every_steps == 0) ||
         (config.checkpoint_every_minutes > 0 && seconds >= 60 * config.checkpoint_every_minutes);
}

void StageCheckpoints::save(const StagePosition& position, const State& state) {
  const auto begun = std::chrono::steady_clock::now();
  const State checkpoint = on_the_host(state);
  check_finite(position, checkpoint);
  const std::filesystem::path file = file_at(position);
  save_checkpoint(file, checkpoint);
  note_duration(TimedWork::kCheckpoint, std::chrono::steady_clock::now() - begun);
  last_ = file;
  std::error_code already_gone;
  if (!until_next_.empty() && until_next_ != file) std::filesystem::remove(until_next_, already_gone);
  until_next_.clear();
  if (run_.config.keep_checkpoints > 0) remove_old_checkpoints(file.parent_path(), run_.config.keep_checkpoints);
}

void StageCheckpoints::save_until_next(const StagePosition& position, const State& checkpoint) {
  save(position, checkpoint);
  until_next_ = last_;
}

void StageCheckpoints::keep_as_best() const { dha::keep_as_best(until_next_, config_.name); }

void StageCheckpoints::check_finite(const StagePosition& position, const State& checkpoint) const {
  const at::NoGradGuard no_grad;
  const auto bad = std::find_if(checkpoint.tensors.begin(), checkpoint.tensors.end(),
                                [](const auto& entry) { return !is_sound(entry.first, entry.second); });
  if (bad == checkpoint.tensors.end()) return;
  throw Error(ErrorCode::kDiverged,
              fmt::format("stage '{}': '{}' is no longer finite after epoch {}, step {} ({}); lower the "
                          "learning rate or set gradient_clip",
                          config_.name, bad->first, position.epoch + (position.step > 0 ? 1 : 0), position.step,
                          last_in_words()));
}

std::string StageCheckpoints::last_in_words() const {
  return last_.empty() ? "there is no checkpoint yet" : "the last good checkpoint is " + last_.string();
}

}  // namespace dha
