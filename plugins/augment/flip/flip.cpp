// dha.flip: reverses images left to right, each with a given probability.
#include <ATen/TensorOperators.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/where.h>

#include "dha/images/image_batch.hpp"
#include "dha/plugin.hpp"

namespace dha {

namespace {

class Flip : public Augmenter {
 public:
  static Schema schema() {
    return Schema("Flips images left to right.")
        .real("probability", "share of the images that are flipped")
        .range(0, 1)
        .def(0.5)
        .tunable();
  }

  Flip(const Params& params, Context& context) : probability_(params.real("probability")), context_(context) {}

  Augmented apply(const at::Tensor& images, const at::Tensor& labels) override {
    images::check_images(images);
    const at::Tensor draws =
        at::rand({images.size(0), 1, 1, 1}, context_.generator(), at::TensorOptions(images.device()));
    return {at::where(draws.lt(probability_), images.flip({3}), images), labels, {}};
  }

  void* capability(std::string_view id) override { return id == Replay::kCapability ? always_replayable() : nullptr; }
  std::string policy() const override { return R"({"probability": )" + std::to_string(probability_) + "}"; }

 private:
  double probability_;
  Context& context_;
};

}  // namespace

}  // namespace dha

DHA_PLUGIN("flip", "1.0.0", "dha", "Apache-2.0", dha::component<dha::Flip>("dha.flip"))
