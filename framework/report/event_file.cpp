#include "report/event_file.hpp"

#include <unistd.h>

#include <array>
#include <boost/crc.hpp>
#include <cerrno>
#include <cstdint>
#include <string>

#include "storage/io_error.hpp"

namespace dha {

namespace {

constexpr size_t kLengthBytes = 8, kChecksumBytes = 4, kHeaderBytes = kLengthBytes + kChecksumBytes;

uint32_t masked_checksum(std::string_view bytes) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;  // CRC-32C
  crc.process_bytes(bytes.data(), bytes.size());
  const uint32_t checksum = crc.checksum();
  return ((checksum >> 15) | (checksum << 17)) + 0xA282EAD8;
}

std::string little_endian(uint64_t number, size_t bytes) {
  std::string text;
  for (size_t i = 0; i < bytes; ++i) text += static_cast<char>(number >> (8 * i) & 0xFF);
  return text;
}

uint64_t from_little_endian(std::string_view bytes) {
  uint64_t number = 0;
  for (size_t i = 0; i < bytes.size(); ++i) number |= uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  return number;
}

// Where the last whole record ends, as far as lengths tell; a crash of the machine may leave anything behind it.
int64_t end_of_records(std::FILE* file) {
  if (std::fseek(file, 0, SEEK_END) != 0) return errno == ESPIPE ? 0 : -1;
  const int64_t size = std::ftell(file);
  int64_t end = 0;
  for (std::array<char, kHeaderBytes> header{}; std::fseek(file, end, SEEK_SET) == 0;) {
    if (std::fread(header.data(), 1, header.size(), file) != header.size()) break;
    const std::string_view length(header.data(), kLengthBytes), checksum(header.data() + kLengthBytes, kChecksumBytes);
    if (from_little_endian(checksum) != masked_checksum(length)) break;
    const uint64_t payload = from_little_endian(length), left = static_cast<uint64_t>(size - end);
    if (left < kHeaderBytes + kChecksumBytes || payload > left - kHeaderBytes - kChecksumBytes) break;
    end += static_cast<int64_t>(kHeaderBytes + payload + kChecksumBytes);
  }
  return end;
}

}  // namespace

EventFile::EventFile(const std::filesystem::path& file) : file_(std::fopen(file.c_str(), "a+be")), path_(file) {
  if (file_) size_ = end_of_records(file_.get());
  // C asks for a seek between reading and writing.
  if (!file_ || size_ < 0 || std::fseek(file_.get(), 0, SEEK_END) != 0 ||
      (std::ftell(file_.get()) > size_ && ftruncate(fileno(file_.get()), size_) != 0))
    throw_io_error("write", path_, errno);
}

void EventFile::append(std::string_view payload) {
  const std::string length = little_endian(payload.size(), kLengthBytes);
  std::string record = length + little_endian(masked_checksum(length), kChecksumBytes);
  record += payload;
  record += little_endian(masked_checksum(payload), kChecksumBytes);
  if (std::fwrite(record.data(), 1, record.size(), file_.get()) != record.size() || std::fflush(file_.get()) != 0)
    throw_io_error("write", path_, errno);
  size_ += static_cast<int64_t>(record.size());
}

}  // namespace dha
