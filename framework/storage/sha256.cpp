#include "storage/sha256.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

#include "dha/error.hpp"
#include "storage/io_error.hpp"

namespace dha {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
  static void check(int result) {
    if (result != 1) throw Error(ErrorCode::kInternal, "libcrypto cannot compute SHA-256; check its configuration");
  }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  State::check(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr));
}

Sha256::~Sha256() = default;

void Sha256::update(const void* data, size_t size) { State::check(EVP_DigestUpdate(state_->context, data, size)); }

std::string Sha256::finish() {
  std::array<unsigned char, 32> digest{};
  State::check(EVP_DigestFinal_ex(state_->context, digest.data(), nullptr));
  std::string text;
  for (const unsigned char byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}

std::string sha256_of_file(const std::filesystem::path& file) {
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw_io_error("read", file, errno);
  Sha256 sum;
  std::vector<char> buffer(1 << 20);
  ssize_t got;
  while ((got = read(descriptor, buffer.data(), buffer.size())) != 0) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) break;
    sum.update(buffer.data(), static_cast<size_t>(got));
  }
  const int error_number = got < 0 ? errno : 0;
  close(descriptor);
  if (error_number != 0) throw_io_error("read", file, error_number);
  return sum.finish();
}

}  // namespace dha
