#include "storage/linked_copy.hpp"

#include <fmt/format.h>

#include "dha/error.hpp"

namespace dha {

void link_or_copy(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::error_code failure;
  if (std::filesystem::equivalent(from, to, failure)) return;
  std::filesystem::remove(to, failure);
  std::filesystem::create_hard_link(from, to, failure);
  if (!failure) return;
  std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing, failure);
  if (failure)
    throw Error(ErrorCode::kIo, fmt::format("cannot copy {} to {}: {}", from.string(), to.string(), failure.message()));
}

}  // namespace dha
