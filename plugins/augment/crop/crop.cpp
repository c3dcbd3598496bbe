// dha.crop: pads images on all sides and takes a part of the old size at a random place.
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/index.h>
#include <ATen/ops/randint.h>

#include "dha/plugin.hpp"

namespace dha {

namespace {

class Crop : public Augmenter {
 public:
  static Schema schema() {
    return Schema("Pads images and takes a part of the old size at a random place.")
        .integer("padding_px", "black border on every side")
        .range(0, 1024)
        .unit("px")
        .def(4)
        .tunable();
  }

  Crop(const Params& params, Context& context) : padding_(params.integer("padding_px")), context_(context) {}

  State state() const override { return {}; }
  void restore(const State&) override {}
  void prepare(const DatasetInfo&) override {}
  void begin_epoch(const Progress&) override {}

  Augmented apply(const at::Tensor& images, const at::Tensor& labels) override {
    const at::TensorOptions whole = at::TensorOptions(images.device()).dtype(at::kLong);
    const int64_t count = images.size(0);
    const auto offsets = [&](at::IntArrayRef shape) {
      return at::randint(2 * padding_ + 1, {count}, context_.generator(), whole).view(shape);
    };
    const at::Tensor rows = at::arange(images.size(2), whole).view({1, 1, -1, 1}) + offsets({-1, 1, 1, 1});
    const at::Tensor columns = at::arange(images.size(3), whole).view({1, 1, 1, -1}) + offsets({-1, 1, 1, 1});
    const at::Tensor padded = at::constant_pad_nd(images, {padding_, padding_, padding_, padding_}, 0);
    const at::Tensor samples = at::arange(count, whole).view({-1, 1, 1, 1});
    const at::Tensor channels = at::arange(images.size(1), whole).view({1, -1, 1, 1});
    return {at::index(padded, {samples, channels, rows, columns}).contiguous(), labels, {}};
  }

  void learn(const at::Tensor&, const at::Tensor&) override {}
  void end_epoch(const EpochOutcome&) override {}
  std::string policy() const override { return R"({"padding_px": )" + std::to_string(padding_) + "}"; }

 private:
  int64_t padding_;
  Context& context_;
};

}  // namespace

}  // namespace dha

DHA_PLUGIN("crop", "1.0.0", "dha", "Apache-2.0", dha::component<dha::Crop>("dha.crop"))
