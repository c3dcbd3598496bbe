// A made data set: class 0 has horizontal stripes, class 1 vertical ones, both with noise.
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/randint.h>

#include "dha/plugin.hpp"

namespace {

class Stripes : public dha::Dataset {
 public:
  static dha::Schema schema() {
    return dha::Schema("Horizontal and vertical stripes.")
        .integer("size_px", "height and width of the images")
        .range(4, 256)
        .unit("px")
        .def(16);
  }

  Stripes(const dha::Params& params, dha::Context& context) : side_(params.integer("size_px")), context_(context) {}

  dha::DatasetInfo info() const override { return {{"horizontal", "vertical"}, 2, 1, side_, side_, {}, {}}; }

  // Draws the images here, not on demand: every later call is const and may come from any thread.
  void open() override {
    train_ = draw(1000);
    test_ = draw(200);
  }

  int64_t size(dha::Split split) const override { return labels(split).size(0); }
  at::Tensor labels(dha::Split split) const override { return tensors(split).labels; }
  bool in_memory() const override { return true; }

  dha::ImageTensors tensors(dha::Split split) const override {
    if (split == dha::Split::kTrain) return train_;
    if (split == dha::Split::kTest) return test_;
    return {at::empty({0, 1, side_, side_}, at::kByte), at::empty({0}, at::kLong)};  // no validation split
  }

 private:
  dha::ImageTensors draw(int64_t count) {
    const at::Tensor stripes = at::arange(side_, at::kLong).remainder(2).mul(128);  // (side)
    const at::Tensor labels = at::arange(count, at::kLong).remainder(2);            // (N)
    at::Tensor images = at::randint(0, 128, {count, 1, side_, side_}, context_.host_generator(), at::kLong);
    for (int64_t i = 0; i < count; ++i) images.select(0, i).add_(i % 2 == 0 ? stripes.unsqueeze(1) : stripes);
    return {images.to(at::kByte), labels};
  }

  int64_t side_;
  dha::Context& context_;
  dha::ImageTensors train_, test_;
};

}  // namespace

DHA_PLUGIN("stripes", "1.0.0", "acme", "Apache-2.0", dha::component<Stripes>("acme.stripes"))
