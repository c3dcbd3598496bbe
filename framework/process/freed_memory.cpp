#include "process/freed_memory.hpp"

#include <malloc.h>

#include <limits>

namespace dha {

void keep_freed_memory() {
  constexpr int kLargestFromHeap = 32 << 20;  // bytes; the C library takes no more
  mallopt(M_MMAP_THRESHOLD, kLargestFromHeap);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
}

}  // namespace dha
