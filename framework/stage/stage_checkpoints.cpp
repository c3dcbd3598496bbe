#include "stage/stage_checkpoints.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/stack.h>
#include <fmt/format.h>

#include "dha/error.hpp"
#include "storage/checkpoint_store.hpp"

namespace dha {

std::filesystem::path StageCheckpoints::file_at(const StagePosition& position) const {
  return run_.directory.checkpoint(config_.name, position.epoch, position.step);
}

bool StageCheckpoints::is_due(const StagePosition& position, double seconds) const {
  const PipelineConfig& config = run_.config;
  return (config.checkpoint_every_steps > 0 && position.step % config.checkpoint_every_steps == 0) ||
         (config.checkpoint_every_minutes > 0 && seconds >= 60 * config.checkpoint_every_minutes);
}

void StageCheckpoints::save(const StageParts& parts, const StagePosition& position, const State& checkpoint) {
  check_finite(parts, position);
  const std::filesystem::path file = file_at(position);
  save_checkpoint(file, checkpoint);
  last_ = file;
  if (run_.config.keep_checkpoints > 0) remove_old_checkpoints(file.parent_path(), run_.config.keep_checkpoints);
}

void StageCheckpoints::check_finite(const StageParts& parts, const StagePosition& position) const {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> sums;
  const auto add = [&](const std::vector<NamedTensor>& tensors) {
    for (const NamedTensor& one : tensors)
      if (one.tensor.is_floating_point()) sums.push_back(one.tensor.isfinite().all());
  };
  add(parts.named_weights());
  add(parts.network().buffers());
  if (sums.empty() || at::stack(sums).all().item().toBool()) return;
  throw Error(ErrorCode::kDiverged,
              fmt::format("stage '{}': weights are no longer finite numbers after epoch {}, step {} ({}); lower the "
                          "learning rate or set gradient_clip",
                          config_.name, position.epoch + (position.step > 0 ? 1 : 0), position.step, last_in_words()));
}

std::string StageCheckpoints::last_in_words() const {
  return last_.empty() ? "there is no checkpoint yet" : "the last good checkpoint is " + last_.string();
}

}  // namespace dha
