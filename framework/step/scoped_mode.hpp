// Puts the network of a stage into another mode for the lifetime of the object, then back into the training mode.
#pragma once

#include <exception>

#include "component/stage_parts.hpp"

namespace dha {

// Running statistics, no drop path, no auxiliary head.
inline constexpr NetworkMode kEvaluationMode{
    .batch_statistics = false, .update_statistics = false, .drop_path = 0, .auxiliary_head = false};

class ScopedMode {
 public:
  ScopedMode(const StageParts& parts, const NetworkMode& mode) : parts_(parts) { parts.network().set_mode(mode); }
  ~ScopedMode() noexcept(false);
  ScopedMode(const ScopedMode&) = delete;
  ScopedMode& operator=(const ScopedMode&) = delete;

 private:
  const StageParts& parts_;
  int exceptions_ = std::uncaught_exceptions();
};

}  // namespace dha
