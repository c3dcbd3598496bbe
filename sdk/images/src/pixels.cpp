#include "dha/images/pixels.hpp"

#include <algorithm>
#include <cstring>

#include "buffers.hpp"

namespace dha::images {

Workspace::Workspace() : buffers_(std::make_unique<Buffers>()) {}
Workspace::~Workspace() = default;

void apply_operations(std::span<const OperationCall> calls, const ImageShape& shape, const uint8_t* source,
                      uint8_t* target, Workspace& workspace) {
  const auto changes = [](const OperationCall& call) { return !leaves_image(call.operation, call.value); };
  int64_t left = std::count_if(calls.begin(), calls.end(), changes);
  if (left == 0) {
    std::memcpy(target, source, shape.size());
    return;
  }
  // Results alternate between the two places so that the last one lands in `target`.
  uint8_t* between = left > 1 ? workspace.buffers().image(shape.size()) : nullptr;
  for (const OperationCall& call : calls) {
    if (!changes(call)) continue;
    --left;
    uint8_t* result = left % 2 == 0 ? target : between;
    apply_operation(call, shape, source, result, workspace);
    source = result;
  }
}

}  // namespace dha::images
