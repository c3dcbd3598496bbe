// Applies one operation, or two in sequence, to one image: the entry to the image code of this plugin.
#pragma once

#include <array>
#include <cstdint>

#include "operations.hpp"
#include "workspace.hpp"

namespace dha::pairs {

// Planes of `height` rows of `width` bytes, one after another. Sides are at least 1.
struct ImageShape {
  int channels = 3;  // 1 or 3
  int height = 0, width = 0;

  int64_t plane() const { return static_cast<int64_t>(height) * width; }
  int64_t size() const { return channels * plane(); }
};

// Results equal Pillow's, byte for byte, on every CPU.
// `source` and `target` do not overlap. [any thread, each with a workspace of its own]
void apply_operation(const OperationCall& call, const ImageShape& shape, const uint8_t* source, uint8_t* target,
                     Workspace& workspace);

// Both calls, the first one first; each is skipped where it changes nothing. `source` and `target` do not overlap.
void apply_pair(const std::array<OperationCall, 2>& calls, const ImageShape& shape, const uint8_t* source,
                uint8_t* target, Workspace& workspace);

}  // namespace dha::pairs
