#include "storage/folders.hpp"

#include "storage/io_error.hpp"

namespace dha {

void make_folders(const std::filesystem::path& folder) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure) throw_io_error("make the folder", folder, failure.value());
}

}  // namespace dha
