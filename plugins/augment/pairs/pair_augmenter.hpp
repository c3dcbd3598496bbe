// What both augmenters of this plugin share: each sample of a batch gets two operations in sequence, at levels of its
// own.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "dha/plugin.hpp"
#include "image_code.hpp"
#include "operations.hpp"

namespace dha::pairs {

class PairAugmenter : public Augmenter {
 public:
  void prepare(const DatasetInfo& info) override;
  void begin_epoch(const Progress&) override {}
  Augmented apply(const at::Tensor& images, const at::Tensor& labels) override;
  void end_epoch(const EpochOutcome&) override {}
  const void* capability(std::string_view id) const override;

 protected:
  PairAugmenter(const Params& params, Context& context);

  // Adds the parameters that both have.
  static Schema with_common_parameters(Schema schema);

  Context& context() const { return context_; }

  // The pair of each of `count` samples: int64 (count), row-major index into 14 x 14, on the context's device.
  virtual at::Tensor draw_pairs(int64_t count) = 0;

 private:
  OperationCall call_of(int64_t operation, double uniform) const;
  at::Tensor apply_on_host(const at::Tensor& images, const at::Tensor& pairs) const;
  at::Tensor apply_on_device(const at::Tensor& images, const at::Tensor& pairs) const;

  Context& context_;
  double magnitude_max_;
  Mapping mapping_;
  std::optional<Resampling> resampling_;  // empty: drawn for each call
  std::vector<uint8_t> given_fill_;       // one value or one a channel; empty: the data set's mean
  std::array<uint8_t, 3> fill_{};
  at::Tensor fill_on_device_;  // uint8 (1, 3, 1); undefined where the device is the CPU
  ImageCode image_code_;
};

}  // namespace dha::pairs
