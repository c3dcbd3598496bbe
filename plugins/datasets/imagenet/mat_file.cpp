#include "imagenet/mat_file.hpp"

#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <fstream>
#include <new>
#include <optional>
#include <type_traits>

#include "dha/error.hpp"
#include "image_folder/file_names.hpp"

namespace dha::datasets {

namespace fs = std::filesystem;

namespace {

constexpr size_t kHeaderBytes = 128, kByteOrderAt = 126;
constexpr size_t kMostBytes = size_t{64} << 20;  // the published file has 20 KiB
constexpr size_t kMostNameBytes = 64;

// Types of elements.
constexpr uint32_t kInt8 = 1, kUint8 = 2, kInt16 = 3, kUint16 = 4, kInt32 = 5, kUint32 = 6, kSingle = 7, kDouble = 9,
                   kInt64 = 12, kUint64 = 13, kMatrix = 14, kCompressed = 15, kUtf8 = 16, kUtf16 = 17;
// Classes of arrays.
constexpr uint32_t kStructClass = 2;

[[noreturn]] void refuse(const fs::path& path, const std::string& what) {
  throw Error(ErrorCode::kData, shown(path) + " cannot be read: " + what + "; unpack the development kit again");
}

uint32_t unsigned_at(std::string_view bytes, size_t offset) {
  uint32_t value = 0;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

// Takes the first element off `bytes`.
std::string_view take_element(std::string_view& bytes, uint32_t& type, const fs::path& path) {
  static_assert(std::endian::native == std::endian::little);
  if (bytes.size() < 8) refuse(path, "it ends inside a tag");
  const uint32_t first = unsigned_at(bytes, 0);
  if (const uint32_t small = first >> 16; small != 0) {  // size, type and at most 4 bytes in 8 bytes
    if (small > 4) refuse(path, "it has a small element of " + std::to_string(small) + " bytes");
    type = first & 0xffff;
    const std::string_view data = bytes.substr(4, small);
    bytes.remove_prefix(8);
    return data;
  }
  type = first;
  const size_t size = unsigned_at(bytes, 4);
  bytes.remove_prefix(8);
  if (size > bytes.size())
    refuse(path, "it ends inside an element, which has " + std::to_string(size) + " bytes where " +
                     std::to_string(bytes.size()) + " are left");
  const std::string_view data = bytes.substr(0, size);
  const size_t padded = type == kCompressed ? size : (size + 7) / 8 * 8;
  bytes.remove_prefix(std::min(padded, bytes.size()));
  return data;
}

// At most `limit` bytes.
std::vector<char> decompress(std::string_view bytes, size_t limit, const fs::path& path) {
  std::vector<char> content;
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) throw std::bad_alloc();
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  int state = Z_OK;
  while (state == Z_OK && content.size() < limit) {
    const size_t done = content.size();
    content.resize(std::min(std::max<size_t>(2 * done, 65536), limit));
    stream.next_out = reinterpret_cast<Bytef*>(content.data() + done);
    stream.avail_out = static_cast<uInt>(content.size() - done);
    state = inflate(&stream, Z_NO_FLUSH);
    content.resize(content.size() - stream.avail_out);
    if (stream.avail_out > 0 && state == Z_OK) state = Z_BUF_ERROR;
  }
  inflateEnd(&stream);
  if (state == Z_OK) refuse(path, "it has more than " + std::to_string(kMostBytes) + " bytes after decompression");
  if (state != Z_STREAM_END) refuse(path, "its compressed data are damaged");
  return content;
}

template <class Number>
std::optional<int64_t> whole_number(std::string_view bytes) {
  Number value{};
  if (bytes.size() < sizeof value) return std::nullopt;
  std::memcpy(&value, bytes.data(), sizeof value);
  if constexpr (std::is_floating_point_v<Number>) {
    constexpr Number kMost = 1 << 24;  // far more than there are ids, and exact in either precision
    if (!(value >= -kMost && value <= kMost)) return std::nullopt;
  }
  return static_cast<int64_t>(value);
}

std::optional<int64_t> whole_number(uint32_t type, std::string_view bytes) {
  switch (type) {
    case kInt8:
      return whole_number<int8_t>(bytes);
    case kUint8:
      return whole_number<uint8_t>(bytes);
    case kInt16:
      return whole_number<int16_t>(bytes);
    case kUint16:
      return whole_number<uint16_t>(bytes);
    case kInt32:
      return whole_number<int32_t>(bytes);
    case kUint32:
      return whole_number<uint32_t>(bytes);
    case kSingle:
      return whole_number<float>(bytes);
    case kDouble:
      return whole_number<double>(bytes);
    case kInt64:
    case kUint64:
      return whole_number<int64_t>(bytes);
    default:
      return std::nullopt;
  }
}

}  // namespace

MatArray::MatArray(std::string_view bytes, const fs::path& path) : rest_(bytes), path_(&path) {
  uint32_t type = 0;
  const std::string_view flags = next(type);
  if (type != kUint32 || flags.size() != 8) fail("an array has no flags");
  class_ = unsigned_at(flags, 0) & 0xff;
  next(type);  // lengths: one element follows another until the end
  if (type != kInt32) fail("an array has no lengths");
  name_ = next(type).substr(0, kMostNameBytes);
}

void MatArray::fail(const std::string& what) const { refuse(*path_, what); }

bool MatArray::is_struct() const { return class_ == kStructClass; }

std::string_view MatArray::next(uint32_t& type) { return take_element(rest_, type, *path_); }

std::vector<std::string> MatArray::read_field_names() {
  uint32_t type = 0;
  const std::string_view length_bytes = next(type);
  const size_t length = length_bytes.size() == 4 ? unsigned_at(length_bytes, 0) : 0;
  const std::string_view names = next(type);
  if (length == 0 || length > kMostNameBytes || names.empty() || names.size() % length != 0)
    fail("a struct array has no names of fields");
  std::vector<std::string> fields;
  for (size_t begin = 0; begin < names.size(); begin += length) {
    const std::string_view name = names.substr(begin, length);
    fields.emplace_back(name.substr(0, name.find('\0')));
  }
  return fields;
}

std::string_view MatArray::next_array() {
  uint32_t type = 0;
  const std::string_view bytes = next(type);
  if (type != kMatrix) fail("a struct array has a field that is no array");
  return bytes;
}

int64_t MatArray::read_number() {
  uint32_t type = 0;
  const std::string_view bytes = next(type);
  const std::optional<int64_t> number = whole_number(type, bytes);
  if (!number) fail("an array has no whole number");
  return *number;
}

std::string MatArray::read_text() {
  uint32_t type = 0;
  const std::string_view bytes = next(type);
  const size_t width = type == kUint16 || type == kUtf16 ? 2 : 1;
  if (width == 1 && type != kInt8 && type != kUint8 && type != kUtf8) fail("an array has no text");
  std::string text;
  for (size_t i = 0; i + width <= bytes.size(); i += width) {
    if (bytes[i] < 0 || (width == 2 && bytes[i + 1] != 0)) fail("a text is not in ASCII");
    text += bytes[i];
  }
  return text;
}

MatFile::MatFile(const fs::path& path) : path_(path) {
  std::error_code failed;
  const uintmax_t size = fs::file_size(path, failed);
  if (failed) refuse(path, failed.message());
  if (size > kMostBytes) refuse(path, "it has " + std::to_string(size) + " bytes, expected a table of classes");
  bytes_.resize(size);
  std::ifstream file(path, std::ios::binary);
  if (!file.read(bytes_.data(), static_cast<std::streamsize>(size))) refuse(path, "its bytes cannot be read");
  if (size < kHeaderBytes || std::string_view(bytes_.data() + kByteOrderAt, 2) != "IM")
    refuse(path, "it is not a MAT-file of MATLAB 5 to 7.2 with the byte order of a PC");
}

MatArray MatFile::find_struct(std::string_view name) const {
  std::string_view rest = std::string_view(bytes_.data(), bytes_.size()).substr(kHeaderBytes);
  size_t decompressed_bytes = 0;
  while (!rest.empty()) {
    uint32_t type = 0;
    std::string_view element = take_element(rest, type, path_);
    if (type == kCompressed) {
      decompressed_.push_back(decompress(element, kMostBytes - decompressed_bytes, path_));
      decompressed_bytes += decompressed_.back().size();
      std::string_view content(decompressed_.back().data(), decompressed_.back().size());
      element = take_element(content, type, path_);
    }
    if (type != kMatrix) continue;
    MatArray array(element, path_);
    if (array.is_struct() && array.name() == name) return array;
  }
  refuse(path_, "it has no struct array '" + std::string(name) + "'");
}

}  // namespace dha::datasets
