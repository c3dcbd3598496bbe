// An augmenter that inverts images by Dha::images and checks a number of each other library when it is made.
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/ones.h>

#include <vector>

#include "dha/images/apply.hpp"
#include "dha/nas/decided_gates.hpp"
#include "dha/nn/cost.hpp"
#include "dha/nn/layer.hpp"
#include "dha/operators.hpp"
#include "dha/plugin.hpp"

namespace {

class Libraries : public dha::Augmenter {
 public:
  static dha::Schema schema() { return dha::Schema("Inverts images, by the libraries beside the SDK."); }

  Libraries(const dha::Params&, dha::Context&) {
    const dha::Gates gates = dha::nas::decided_gates({{0, 2}}, at::TensorOptions(at::kFloat));
    const int64_t additions = dha::nn::multiply_adds({dha::nn::relu()}, {8, 8});
    // The operators of C++ on tensors, with the headers that docs/howto/write_a_plugin.md names.
    const at::NoGradGuard no_gradients;
    const auto sum = (2 * at::ones({3}) - 0.5).sum().item<double>();
    if (gates.choices.at(0).active.size() != 2 || additions != 0 || sum != 4.5)
      throw dha::Error(dha::ErrorCode::kInternal, "a library beside the SDK gives other numbers");
  }

  dha::Augmented apply(const at::Tensor& images, const at::Tensor& labels) override {
    std::vector<dha::images::OperationCall> calls(static_cast<size_t>(images.size(0)));
    for (dha::images::OperationCall& call : calls) call.operation = dha::images::Operation::kInvert;
    return {dha::images::apply_operations(images, calls), labels, {}};
  }
};

}  // namespace

DHA_PLUGIN("libraries", "1.0.0", "acme", "Apache-2.0", dha::component<Libraries>("acme.libraries"))
