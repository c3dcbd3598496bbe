#include "autocast_scope.hpp"

#include <ATen/autocast_mode.h>

namespace dha::nn {

namespace {

void enter(const AutocastState& state, bool cached) {
  at::autocast::set_autocast_enabled(state.device, state.enabled);
  at::autocast::set_autocast_dtype(state.device, state.type);
  at::autocast::set_autocast_cache_enabled(cached);
}

}  // namespace

AutocastState AutocastState::current(c10::DeviceType device) {
  if (!at::autocast::is_autocast_available(device)) return {device, false, at::kFloat};
  return {device, at::autocast::is_autocast_enabled(device), at::autocast::get_autocast_dtype(device)};
}

AutocastScope::AutocastScope(const AutocastState& state)
    : before_(AutocastState::current(state.device)), cached_before_(at::autocast::is_autocast_cache_enabled()) {
  if (at::autocast::is_autocast_available(state.device)) enter(state, false);
}

AutocastScope::~AutocastScope() {
  if (at::autocast::is_autocast_available(before_.device)) enter(before_, cached_before_);
}

}  // namespace dha::nn
