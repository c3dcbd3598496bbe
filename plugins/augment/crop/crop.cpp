// dha.crop: pads images on all sides and takes a part of the old size at a random place.
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/index.h>
#include <ATen/ops/randint.h>

#include "dha/images/image_batch.hpp"
#include "dha/plugin.hpp"

namespace dha {

namespace {

class Crop : public Augmenter {
 public:
  static Schema schema() {
    return Schema("Pads images and crops them to their old size at a random position.")
        .integer("padding_px", "border on every side")
        .range(0, 1024)
        .unit("px")
        .def(4)
        .tunable(0, 8)
        .choice("fill", "colour of the border: black, or the data set's mean", {"zero", "mean"})
        .def("zero");
  }

  Crop(const Params& params, Context& context)
      : padding_(params.integer("padding_px")), fills_mean_(params.string("fill") == "mean"), context_(context) {}

  void prepare(const Stage& stage) override {
    fill_ = images::colour_tensor(fills_mean_ ? images::mean_colour(stage.dataset()) : std::vector<uint8_t>{0},
                                  context_.device());
  }

  Augmented apply(const at::Tensor& images, const at::Tensor& labels) override {
    images::check_images(images);
    const at::TensorOptions whole = at::TensorOptions(images.device()).dtype(at::kLong);
    const int64_t count = images.size(0);
    const auto offsets = [&](at::IntArrayRef shape) {
      return at::randint(2 * padding_ + 1, {count}, context_.generator(), whole).view(shape);
    };
    const at::Tensor rows = at::arange(images.size(2), whole).view({1, 1, -1, 1}) + offsets({-1, 1, 1, 1});
    const at::Tensor columns = at::arange(images.size(3), whole).view({1, 1, 1, -1}) + offsets({-1, 1, 1, 1});
    const at::Tensor padded = padded_images(images);
    const at::Tensor samples = at::arange(count, whole).view({-1, 1, 1, 1});
    const at::Tensor channels = at::arange(images.size(1), whole).view({1, -1, 1, 1});
    return {at::index(padded, {samples, channels, rows, columns}).contiguous(), labels, {}};
  }

  void* capability(std::string_view id) override { return id == Replay::kCapability ? always_replayable() : nullptr; }
  std::string policy() const override {
    return R"({"padding_px": )" + std::to_string(padding_) + R"(, "fill": ")" + (fills_mean_ ? "mean" : "zero") + "\"}";
  }

 private:
  at::Tensor padded_images(const at::Tensor& images) const {
    const int64_t height = images.size(2), width = images.size(3);
    const at::Tensor padded =
        fill_.expand({images.size(0), images.size(1), height + 2 * padding_, width + 2 * padding_}).contiguous();
    padded.slice(2, padding_, padding_ + height).slice(3, padding_, padding_ + width).copy_(images);
    return padded;
  }

  int64_t padding_;
  bool fills_mean_;
  Context& context_;
  at::Tensor fill_;  // uint8 (1, channels or 1, 1, 1)
};

}  // namespace

}  // namespace dha

DHA_PLUGIN("crop", "1.0.0", "dha", "Apache-2.0", dha::component<dha::Crop>("dha.crop"))
