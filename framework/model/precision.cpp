#include "model/precision.hpp"

#include <ATen/autocast_mode.h>

namespace dha {

at::ScalarType weight_type(const std::string& precision) { return precision == "fp64" ? at::kDouble : at::kFloat; }

PrecisionScope::PrecisionScope(const std::string& precision, at::Device device)
    : active_(precision == "bf16" || precision == "fp16"), type_(device.type()) {
  if (!active_) return;
  at::autocast::increment_nesting();
  at::autocast::set_autocast_enabled(type_, true);
  at::autocast::set_autocast_dtype(type_, precision == "fp16" ? at::kHalf : at::kBFloat16);
}

PrecisionScope::~PrecisionScope() {
  if (!active_) return;
  at::autocast::set_autocast_enabled(type_, false);
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
}

}  // namespace dha
