// How convolutions divide a batch, the same for any number of threads: bands of output rows in the forward pass, pieces
// of images that each add up their share of the weights' gradients in the backward pass.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace dha::ops {

// Output rows of `width` pixels, `ld` elements apart, that stay in a core's second cache together.
inline int64_t rows_per_band(int64_t rows, int64_t width, int64_t ld) {
  constexpr int64_t kBandElements = 32768;
  return std::clamp<int64_t>(kBandElements / (width * ld), 1, rows);
}

class BatchPieces {
 public:
  explicit BatchPieces(int64_t images)
      : images_(images),
        images_per_piece_((images + kMostPieces - 1) / kMostPieces),
        count_((images + images_per_piece_ - 1) / images_per_piece_) {}

  int64_t count() const { return count_; }

  // Calls visit(image) for the images of a piece, in order.
  template <class Visit>
  void visit(int64_t piece, const Visit& visit) const {
    const int64_t end = std::min(images_, (piece + 1) * images_per_piece_);
    for (int64_t image = piece * images_per_piece_; image < end; ++image) visit(image);
  }

  // Adds the shares of all pieces, (count(), weights), in order.
  template <class T>
  void add_up(const std::vector<T>& shares, int64_t weights, T* sum) const {
    std::copy_n(shares.data(), weights, sum);
    for (int64_t piece = 1; piece < count_; ++piece)
      for (int64_t i = 0; i < weights; ++i) sum[i] += shares[static_cast<size_t>(piece * weights + i)];
  }

 private:
  static constexpr int64_t kMostPieces = 32;

  int64_t images_, images_per_piece_, count_;
};

// A pointwise weight (out, channels) as (channels, out).
template <class T>
std::vector<T> transposed(const T* weight, int64_t out, int64_t channels) {
  std::vector<T> to(static_cast<size_t>(out * channels));
  for (int64_t o = 0; o < out; ++o)
    for (int64_t c = 0; c < channels; ++c) to[static_cast<size_t>(c * out + o)] = weight[o * channels + c];
  return to;
}

}  // namespace dha::ops
