#include "step/scoped_mode.hpp"

#include <exception>

namespace dha {

ScopedMode::~ScopedMode() noexcept(false) {
  const bool unwinds = std::uncaught_exceptions() > exceptions_;
  try {
    parts_.network().set_mode(parts_.training_mode());
  } catch (const std::exception&) {
    if (!unwinds) throw;  // else the error that is under way is the one to report
  }
}

}  // namespace dha
