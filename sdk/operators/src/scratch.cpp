#include "scratch.hpp"

#include <new>

namespace dha::ops {

namespace {

class Memory {
 public:
  Memory() = default;
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() { release(); }

  char* at_least(int64_t bytes, std::align_val_t alignment) {
    if (bytes <= size_) return data_;
    release();
    alignment_ = alignment;
    data_ = static_cast<char*>(::operator new(static_cast<size_t>(bytes), alignment));
    size_ = bytes;
    return data_;
  }

 private:
  void release() {
    if (data_ != nullptr) ::operator delete(data_, alignment_);
    data_ = nullptr;
    size_ = 0;
  }

  char* data_ = nullptr;
  int64_t size_ = 0;
  std::align_val_t alignment_{};
};

}  // namespace

Scratch::Scratch(int64_t bytes) {
  static thread_local Memory memory;
  next_ = memory.at_least(bytes, std::align_val_t(kAlignment));
}

}  // namespace dha::ops
