// Makes the checksums of a PNG's chunks right again after each mutation, without which nothing else would be reached.
// Included by one source file of a target, whose mutator it defines.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace {

constexpr size_t kSignature = 8, kLengthAndType = 8, kChecksum = 4;

uint32_t big_endian(const uint8_t* bytes) {
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | uint32_t{bytes[3]};
}

void repair_checksums(uint8_t* data, size_t size) {
  for (size_t at = kSignature; at + kLengthAndType + kChecksum <= size;) {
    const size_t length = big_endian(data + at);
    if (length > size - at - kLengthAndType - kChecksum) return;
    const auto sum = static_cast<uint32_t>(crc32(0, data + at + 4, static_cast<uInt>(length + 4)));
    uint8_t* const stored = data + at + kLengthAndType + length;
    for (int i = 0; i < 4; ++i) stored[i] = static_cast<uint8_t>(sum >> (24 - 8 * i));
    at += kLengthAndType + length + kChecksum;
  }
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned) {
  const size_t mutated = LLVMFuzzerMutate(data, size, max_size);
  repair_checksums(data, mutated);
  return mutated;
}
