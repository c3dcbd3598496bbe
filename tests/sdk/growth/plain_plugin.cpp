// A plugin of the grown SDK that leaves the appended function at its default.
#include "dha/plugin.hpp"

namespace {

class Plain : public dha::Augmenter {
 public:
  static dha::Schema schema() { return dha::Schema("Returns its input."); }
  Plain(const dha::Params&, dha::Context&) {}
  dha::Augmented apply(const at::Tensor& images, const at::Tensor& labels) override { return {images, labels, {}}; }
};

}  // namespace

DHA_PLUGIN("plain", "1.0.0", "test", "Apache-2.0", dha::component<Plain>("test.plain"))
