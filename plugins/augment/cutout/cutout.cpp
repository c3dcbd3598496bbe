// dha.cutout: covers a square of each image, at a random place, with the data set's mean colour (DeVries and Taylor
// 2017).
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/where.h>

#include "dha/images/image_batch.hpp"
#include "dha/plugin.hpp"

namespace dha {

namespace {

class Cutout : public Augmenter {
 public:
  static Schema schema() {
    return Schema("Covers a square at a random position of each image with the data set's mean colour.")
        .integer("size_px", "side of the square; its centre may be anywhere in the image, so the border may cut it")
        .range(0, 4096)
        .unit("px")
        .def(16)
        .tunable(0, 24);
  }

  Cutout(const Params& params, Context& context) : size_(params.integer("size_px")), context_(context) {}

  void prepare(const Stage& stage) override {
    fill_ = images::colour_tensor(images::mean_colour(stage.dataset()), context_.device());
  }

  Augmented apply(const at::Tensor& images, const at::Tensor& labels) override {
    images::check_images(images);
    if (images.size(1) != fill_.size(1))
      throw Error(ErrorCode::kContractViolation, "images have " + std::to_string(images.size(1)) +
                                                     " channels, the data set's mean " + std::to_string(fill_.size(1)));
    const int64_t count = images.size(0);
    const at::Tensor covered = band(images.size(2), count, images.device()).unsqueeze(1).unsqueeze(3) &
                               band(images.size(3), count, images.device()).unsqueeze(1).unsqueeze(2);
    return {at::where(covered, fill_, images), labels, {}};
  }

  void* capability(std::string_view id) override { return id == Replay::kCapability ? always_replayable() : nullptr; }
  std::string policy() const override { return R"({"size_px": )" + std::to_string(size_) + "}"; }

 private:
  // bool (count, side): what lies in [centre - size / 2, centre - size / 2 + size) for a random centre.
  at::Tensor band(int64_t side, int64_t count, at::Device device) {
    const at::TensorOptions whole = at::TensorOptions(device).dtype(at::kLong);
    const at::Tensor centre = at::randint(side, {count, 1}, context_.generator(), whole);
    const at::Tensor distance = at::arange(side, whole).view({1, -1}) - centre;
    return distance.ge(-(size_ / 2)) & distance.lt(size_ - size_ / 2);
  }

  int64_t size_;
  Context& context_;
  at::Tensor fill_;  // uint8 (1, channels, 1, 1)
};

}  // namespace

}  // namespace dha

DHA_PLUGIN("cutout", "1.0.0", "dha", "Apache-2.0", dha::component<dha::Cutout>("dha.cutout"))
