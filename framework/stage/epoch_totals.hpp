// Sums of losses and hits on the device, copied to the host only when they are written.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>

namespace dha {

class EpochTotals {
 public:
  explicit EpochTotals(at::Device device);

  void add(const at::Tensor& losses, const at::Tensor& correct);  // (N) each

  struct Means {
    double loss = 0, accuracy = 0;
    int64_t images = 0;
    int64_t finite_steps = 0;  // calls of add() before the first with non-finite losses; all calls if there is none
  };
  // Synchronises with the device. Zeros if nothing was added.
  Means means() const;

  // The same from the values of sums() on the host.
  static Means means_of(const double* sums);

  const at::Tensor& sums() const { return sums_; }
  void reset();

  // For checkpoints.
  std::map<std::string, at::Tensor> tensors() const;
  void restore(const std::map<std::string, at::Tensor>& tensors);

 private:
  at::Tensor sums_;  // double (4): loss, hits, images, finite steps
};

}  // namespace dha
