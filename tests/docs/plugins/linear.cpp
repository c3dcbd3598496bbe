// A space with one fixed network: a linear classifier of pixels.
#include <ATen/ops/linear.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>

#include "dha/plugin.hpp"

namespace {

class LinearNetwork : public dha::Network {
 public:
  LinearNetwork(int64_t features, int64_t classes, const at::TensorOptions& options, dha::Context& context) {
    weight_ = at::randn({classes, features}, context.shared_generator(), options).mul_(0.01).requires_grad_(true);
    bias_ = at::zeros({classes}, options).requires_grad_(true);
  }

  dha::NetworkOutput forward(const at::Tensor& images, const dha::Gates&) override {
    return {at::linear(images.flatten(1), weight_, bias_), {}};
  }

  std::vector<dha::NamedTensor> parameters() const override { return {{"weight", weight_}, {"bias", bias_}}; }
  void set_mode(const dha::NetworkMode&) override {}  // neither statistics nor drop path nor auxiliary head

 private:
  at::Tensor weight_, bias_;  // (classes, features), (classes)
};

class Linear : public dha::Space {
 public:
  static dha::Schema schema() { return dha::Schema("A linear classifier of pixels."); }
  Linear(const dha::Params&, dha::Context& context) : context_(context) {}

  void prepare(const dha::DatasetInfo& info) override {
    features_ = info.channels * info.height * info.width;
    classes_ = info.classes;
  }

  std::unique_ptr<dha::Network> lean(const std::string& architecture, const at::TensorOptions& options) override {
    validate(architecture);
    return std::make_unique<LinearNetwork>(features_, classes_, options, context_);
  }

  dha::Quantities cost(const std::string& architecture) const override {
    validate(architecture);
    const auto multiply_adds = static_cast<double>(features_ * classes_);
    return {{dha::quantity::kParameters, multiply_adds + static_cast<double>(classes_)},
            {dha::quantity::kMultiplyAdds, multiply_adds}};
  }

 private:
  dha::Context& context_;
  int64_t features_ = 0, classes_ = 0;
};

}  // namespace

DHA_PLUGIN("linear", "1.0.0", "acme", "Apache-2.0", dha::component<Linear>("acme.linear"))
