// Memory of a thread for what lies between two kernels, kept from call to call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

namespace dha::ops {

// Hands out zeroed pieces, which hold until the next Scratch of the thread is made.
class Scratch {
 public:
  // `bytes`: what all pieces take together, each rounded up by kAlignment.
  explicit Scratch(int64_t bytes);

  template <class T>
  T* take(int64_t count) {
    T* const piece = reinterpret_cast<T*>(next_);
    const int64_t bytes = rounded(count * static_cast<int64_t>(sizeof(T)));
    std::memset(piece, 0, static_cast<size_t>(bytes));
    next_ += bytes;
    return piece;
  }

  template <class T>
  static int64_t bytes(int64_t count) {
    return rounded(count * static_cast<int64_t>(sizeof(T)));
  }

 private:
  static constexpr int64_t kAlignment = 64;
  static int64_t rounded(int64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

  char* next_;
};

}  // namespace dha::ops
