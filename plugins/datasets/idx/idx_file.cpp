#include "idx/idx_file.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>

#include "dha/error.hpp"

namespace dha::datasets {

namespace {

// A deflate stream cannot grow by more (a match of 258 bytes in 2 bits).
constexpr int64_t kLargestCompression = 1032;
constexpr int64_t kReadBytes = int64_t{1} << 24;

uint32_t big_endian(const uint8_t* bytes) {
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | uint32_t{bytes[3]};
}

std::string hexadecimal(uint32_t value) {
  std::array<char, 11> text;
  std::snprintf(text.data(), text.size(), "0x%08x", value);
  return text.data();
}

// What to do about a file that starts with `magic`.
std::string advice(uint32_t magic) {
  if (magic == 0x504b0304) return "it is a zip archive: give it a name that ends in .zip, and unpack it with unzip";
  if (magic >> 16 == 0x1f8b) return "it was compressed twice: unpack it with gunzip once";
  return "it is not the file that its name suggests, fetch it again";
}

}  // namespace

IdxFile::IdxFile(const std::filesystem::path& path, int dimensions, IdxType type)
    : path_(path), type_(type), file_(gzopen(path.c_str(), "rb")), lengths_(static_cast<size_t>(dimensions)) {
  if (file_ == nullptr) fail("cannot be opened; check that it may be read");
  try {
    std::vector<uint8_t> header(static_cast<size_t>(header_size()));
    const int64_t found = read_some(header.data(), header_size());
    if (found < header_size())
      fail("ends after " + std::to_string(found) + " bytes, inside its header of " + std::to_string(header_size()) +
           " bytes; fetch it again");
    const uint32_t magic = big_endian(header.data());
    const uint32_t expected = static_cast<uint32_t>(type) << 8 | static_cast<uint32_t>(dimensions);
    if (magic != expected)
      fail("starts with the magic number " + hexadecimal(magic) + ", expected " + hexadecimal(expected) + " (" +
           (type == IdxType::kInt ? "32-bit integers" : "unsigned bytes") + " in " + std::to_string(dimensions) +
           " dimension(s)); " + advice(magic));
    for (size_t i = 0; i < lengths_.size(); ++i) lengths_[i] = big_endian(&header[4 + 4 * i]);
  } catch (...) {
    gzclose(file_);
    throw;
  }
}

IdxFile::~IdxFile() { gzclose(file_); }

void IdxFile::check_size() const {
  std::error_code failed;
  const auto stored = static_cast<int64_t>(std::filesystem::file_size(path_, failed));
  if (failed) fail("has no size: " + failed.message());
  const bool plain = gzdirect(file_) != 0;
  const int64_t possible = plain ? stored - header_size() : stored * kLargestCompression;
  if (content_size() <= possible) return;
  fail("is truncated: its header promises " + std::to_string(content_size()) + " bytes from offset " +
       std::to_string(header_size()) + " on, but " +
       (plain ? "only " + std::to_string(possible) + " follow" : "it has only " + std::to_string(stored) + " bytes") +
       "; fetch it again");
}

void IdxFile::read(uint8_t* content) {
  const int64_t expected = content_size();
  const int64_t found = read_some(content, expected);
  if (found < expected)
    fail("is truncated: it ends at offset " + std::to_string(header_size() + found) + ", expected " +
         std::to_string(header_size() + expected) + "; fetch it again");
  uint8_t more = 0;
  if (read_some(&more, 1) > 0)
    fail("continues after its last record: bytes follow at offset " + std::to_string(header_size() + expected) +
         ", where its header says that it ends");
  if (stream_ends_early_) fail("is truncated: its gzip stream lacks the end with the checksum; fetch it again");
}

int64_t IdxFile::content_size() const {
  // Lengths are below 2^32; the first times 2^32 fits, and no further factor is let in that would overflow.
  int64_t product = type_ == IdxType::kInt ? 4 : 1;
  for (const int64_t length : lengths_) {
    if (__builtin_mul_overflow(product, length, &product)) fail("promises more bytes than any file can have");
  }
  return product;
}

int64_t IdxFile::read_some(uint8_t* to, int64_t count) {
  int64_t done = 0;
  while (done < count) {
    const int found = gzread(file_, to + done, static_cast<unsigned>(std::min(count - done, kReadBytes)));
    int code = Z_OK;
    const char* why = gzerror(file_, &code);
    if (code == Z_BUF_ERROR) {
      stream_ends_early_ = true;
      return done + std::max(found, 0);
    }
    if (found < 0) fail(std::string("cannot be decompressed: ") + why + "; fetch it again");
    if (found == 0) break;
    done += found;
  }
  return done;
}

void IdxFile::fail(const std::string& what) const { throw Error(ErrorCode::kData, path_.string() + " " + what); }

}  // namespace dha::datasets
