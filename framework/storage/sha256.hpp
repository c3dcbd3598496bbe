// SHA-256 checksums of bytes and files.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace dha {

// Takes bytes piece by piece. [one thread at a time]
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void update(const void* data, size_t size);
  void update(std::string_view text) { update(text.data(), text.size()); }

  // 64 lower-case hexadecimal digits. Call once, last.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Throws Error{kIo}.
std::string sha256_of_file(const std::filesystem::path& file);

}  // namespace dha
