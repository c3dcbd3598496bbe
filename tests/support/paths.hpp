// Where tests find the build, the sources, the real image sets, and a directory of their own.
#pragma once

#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace dha::test {

inline std::filesystem::path from_environment(const char* name, const std::filesystem::path& otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? std::filesystem::path(value) : otherwise;
}

inline std::filesystem::path build_dir() { return from_environment("DHA_BUILD_DIR", std::filesystem::current_path()); }
inline std::filesystem::path source_dir() {
  return from_environment("DHA_SOURCE_DIR", std::filesystem::current_path());
}

// The unpacked real image sets; may not exist (then tests that need them skip). scripts/unpack-data fills it.
inline std::filesystem::path data_dir() { return from_environment("DHA_DATA_DIR", source_dir() / "data"); }

// A fresh directory that is removed with the object.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "dha-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary directory at " + name);
    path_ = name;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace dha::test
