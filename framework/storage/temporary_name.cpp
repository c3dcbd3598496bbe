#include "storage/temporary_name.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <string_view>

namespace dha {

namespace {

constexpr std::string_view kPrefix = ".dha-";
constexpr std::string_view kSuffix = ".tmp";

}  // namespace

std::string temporary_name() {
  static std::atomic<unsigned> counter{0};
  return fmt::format("{}{}-{}{}", kPrefix, getpid(), counter++, kSuffix);
}

bool is_temporary(const std::string& name) { return name.starts_with(kPrefix) && name.ends_with(kSuffix); }

}  // namespace dha
