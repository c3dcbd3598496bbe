#include "stage/stage_checkpoints.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/isnan.h>
#include <ATen/ops/stack.h>
#include <fmt/format.h>

#include <algorithm>

#include "dha/error.hpp"
#include "storage/checkpoint_store.hpp"

namespace dha {

namespace {

// A component may keep an infinity, as a best loss at first; the network may not.
at::Tensor is_sound(const std::string& name, const at::Tensor& tensor) {
  return name.starts_with("network/") ? tensor.isfinite().all() : tensor.isnan().any().logical_not();
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

void StageCheckpoints::save(const StagePosition& position, const State& checkpoint) {
  check_finite(position, checkpoint);
  const std::filesystem::path file = file_at(position);
  save_checkpoint(file, checkpoint);
  last_ = file;
  if (!until_next_.empty() && until_next_ != file) std::filesystem::remove(until_next_);
  until_next_.clear();
  if (run_.config.keep_checkpoints > 0) remove_old_checkpoints(file.parent_path(), run_.config.keep_checkpoints);
}

void StageCheckpoints::save_until_next(const StagePosition& position, const State& checkpoint) {
  save(position, checkpoint);
  until_next_ = last_;
}

void StageCheckpoints::check_finite(const StagePosition& position, const State& checkpoint) const {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> sound;
  for (const auto& [name, tensor] : checkpoint.tensors)
    if (tensor.is_floating_point()) sound.push_back(is_sound(name, tensor).to(run_.services.device));
  if (sound.empty() || at::stack(sound).all().item().toBool()) return;  // waits for the device once
  const auto bad = std::find_if(checkpoint.tensors.begin(), checkpoint.tensors.end(), [](const auto& entry) {
    return entry.second.is_floating_point() && !is_sound(entry.first, entry.second).item().toBool();
  });
  throw Error(ErrorCode::kDiverged,
              fmt::format("stage '{}': '{}' no longer holds finite numbers after epoch {}, step {} ({}); lower the "
                          "learning rate or set gradient_clip",
                          config_.name, bad->first, position.epoch + (position.step > 0 ? 1 : 0), position.step,
                          last_in_words()));
}

std::string StageCheckpoints::last_in_words() const {
  return last_.empty() ? "there is no checkpoint yet" : "the last good checkpoint is " + last_.string();
}

}  // namespace dha
