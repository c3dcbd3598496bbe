// The buffers of a Workspace.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dha::images {

class Buffers {
 public:
  // Each of these is a buffer of its own; its content does not survive the next call for it.
  uint8_t* plane(size_t size) { return grown(plane_, size); }
  uint8_t* second_plane(size_t size) { return grown(second_plane_, size); }
  uint8_t* image(size_t size) { return grown(image_, size); }
  double* row(size_t size) { return grown(row_, size); }
  double* fractions(size_t size) { return grown(fractions_, size); }
  int32_t* indices(size_t size) { return grown(indices_, size); }
  uint32_t* words(size_t size) { return grown(words_, size); }

 private:
  template <class Value>
  static Value* grown(std::vector<Value>& buffer, size_t size) {
    if (buffer.size() < size) buffer.resize(size);
    return buffer.data();
  }

  std::vector<uint8_t> plane_, second_plane_, image_;
  std::vector<double> row_, fractions_;
  std::vector<int32_t> indices_;
  std::vector<uint32_t> words_;
};

}  // namespace dha::images
