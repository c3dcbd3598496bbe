#include "image_folder/sample_depth.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <exception>
#include <fstream>
#include <mutex>
#include <string_view>
#include <thread>

#include "image_folder/image_file.hpp"
#include "image_folder/unreadable_image.hpp"

namespace dha::datasets {

namespace fs = std::filesystem;

namespace {

// Calls `visit` with the numbers below `count` from several threads, of which the caller is one and alone calls
// `check_cancelled`. The first exception ends it.
void visit_in_parallel(size_t count, const std::function<void(size_t)>& visit,
                       const std::function<void()>& check_cancelled) {
  std::atomic<size_t> next{0};
  std::exception_ptr error;
  std::mutex mutex;
  const auto work = [&](bool is_caller) {
    try {
      for (size_t i = next++; i < count; i = next++) {
        if (is_caller) check_cancelled();
        visit(i);
      }
    } catch (...) {
      next = count;
      const std::lock_guard lock(mutex);
      if (!error) error = std::current_exception();
    }
  };
  std::vector<std::thread> threads;
  for (size_t i = 1; i < std::min<size_t>(std::thread::hardware_concurrency(), count); ++i)
    threads.emplace_back(work, false);
  work(true);
  for (std::thread& thread : threads) thread.join();
  if (error) std::rethrow_exception(error);
}

bool is_png_of_16_bits(const fs::path& file) {
  constexpr std::string_view kSignature = "\x89PNG\r\n\x1A\n";
  constexpr size_t kDepth = 24;  // where IHDR, the first chunk, has it
  char bytes[32] = {};
  std::ifstream(file, std::ios::binary).read(bytes, sizeof bytes);
  return std::string_view(bytes, kSignature.size()) == kSignature && bytes[kDepth] == 16;
}

}  // namespace

std::vector<fs::path> images_of_16_bits(const std::vector<fs::path>& files,
                                        const std::function<void()>& check_cancelled) {
  std::vector<uint8_t> found(files.size());
  visit_in_parallel(
      files.size(), [&](size_t i) { found[i] = is_png_of_16_bits(files[i]); }, check_cancelled);
  std::vector<fs::path> images;
  for (size_t i = 0; i < files.size(); ++i)
    if (found[i] != 0) images.push_back(files[i]);
  return images;
}

int significant_bits(const std::vector<fs::path>& images, const std::function<void()>& check_cancelled) {
  std::atomic<int> bits{8};
  visit_in_parallel(
      images.size(),
      [&](size_t i) {
        if (bits == 16) return;  // no image can add to it
        try {
          const int needed = std::bit_width(uint32_t{read_largest_sample(images[i])});
          int known = bits;
          while (known < needed && !bits.compare_exchange_weak(known, needed)) {
          }
        } catch (const UnreadableImage&) {
          // Reading it as an image says so.
        }
      },
      check_cancelled);
  return bits;
}

}  // namespace dha::datasets
