// What both augmenters of this plugin share: each sample of a batch gets two operations in sequence, at levels of its
// own.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "dha/images/call.hpp"
#include "dha/images/named_operations.hpp"
#include "dha/plugin.hpp"
#include "pair_operations.hpp"

namespace dha::pairs {

class PairAugmenter : public Augmenter {
 public:
  void prepare(const Stage& stage) override;
  Augmented apply(const at::Tensor& images, const at::Tensor& labels) override;
  void* capability(std::string_view id) override;

 protected:
  PairAugmenter(const Params& params, Context& context);

  // Adds the parameters that both have.
  static Schema with_common_parameters(Schema schema);

  Context& context() const { return context_; }

  // The pair of each of `count` samples: int64 (count), row-major index into 14 x 14, on the context's device.
  virtual at::Tensor draw_pairs(int64_t count) = 0;

 private:
  images::OperationCall call_of(int64_t operation, double uniform) const;
  at::Tensor apply_on_host(const at::Tensor& batch, const at::Tensor& pairs) const;
  at::Tensor apply_on_device(const at::Tensor& batch, const at::Tensor& pairs) const;

  Context& context_;
  double magnitude_max_;
  images::LevelScale scale_;
  std::optional<Resampling> resampling_;  // empty: drawn for each call
  std::vector<uint8_t> given_fill_;       // one value or one per channel; empty: the data set's mean
  std::array<uint8_t, 3> fill_{};
  at::Tensor fill_on_device_;  // uint8 (3); undefined where the device is the CPU
  images::NamedOperations named_operations_;
};

}  // namespace dha::pairs
