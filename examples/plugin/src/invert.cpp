// An augmenter that turns some of the images into their negatives.
#include <ATen/ops/bitwise_not.h>
#include <ATen/ops/lt.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/where.h>

#include "dha/plugin.hpp"

namespace {

class Invert : public dha::Augmenter {
 public:
  // Validation, defaults, `dha describe` and the completion of editors all come from this.
  static dha::Schema schema() {
    return dha::Schema("Turns images into their negatives.")
        .real("probability", "share of the images that are turned")
        .range(0, 1)
        .tunable()
        .def(0.5);
  }

  Invert(const dha::Params& params, dha::Context& context)
      : probability_(params.real("probability")), context_(context) {}

  dha::Augmented apply(const at::Tensor& images, const at::Tensor& labels) override {
    // Each sample has its own draw, from the generator of the run: the same seed gives the same images.
    const at::Tensor draws = at::rand({images.size(0), 1, 1, 1}, context_.generator(),
                                      images.options().dtype(at::kFloat));  // (N, 1, 1, 1)
    return {at::where(at::lt(draws, probability_), at::bitwise_not(images), images), labels, {}};
  }

 private:
  double probability_;
  dha::Context& context_;
};

}  // namespace

DHA_PLUGIN("invert", "1.0.0", "acme", "Apache-2.0", dha::component<Invert>("acme.invert"))
