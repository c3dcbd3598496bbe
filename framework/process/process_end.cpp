#include "process/process_end.hpp"

#include <fmt/format.h>

#include <cstring>

namespace dha {

std::string ProcessEnd::text() const {
  if (signal == 0) return fmt::format("with status {}", status);
  return fmt::format("by signal {} ({})", signal, strsignal(signal));
}

ProcessEnd process_end(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return {info.si_status, 0};
  return {-1, info.si_status};
}

}  // namespace dha
