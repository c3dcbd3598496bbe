// Applies image operations to the bytes of one image on the CPU.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "dha/images/call.hpp"
#include "dha/images/export.hpp"

namespace dha::images {

// Planes of `height` rows of `width` bytes, one after another. Sides are at least 1.
struct ImageShape {
  int channels = 3;  // 1 or 3
  int height = 0, width = 0;

  int64_t plane() const { return static_cast<int64_t>(height) * width; }
  int64_t size() const { return channels * plane(); }
};

class Buffers;

// Working memory of the image code, which a thread reuses for every image.
class DHA_IMAGES_API Workspace {
 public:
  Workspace();
  ~Workspace();
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  Buffers& buffers() { return *buffers_; }

 private:
  std::unique_ptr<Buffers> buffers_;
};

// Applies one operation. Results equal Pillow's, byte for byte, on every CPU.
// `source` and `target` do not overlap. [any thread, each with its own workspace]
DHA_IMAGES_API void apply_operation(const OperationCall& call, const ImageShape& shape, const uint8_t* source,
                                    uint8_t* target, Workspace& workspace);

// Applies any number of calls in sequence and skips those that change nothing. Otherwise like apply_operation().
DHA_IMAGES_API void apply_operations(std::span<const OperationCall> calls, const ImageShape& shape,
                                     const uint8_t* source, uint8_t* target, Workspace& workspace);

}  // namespace dha::images
