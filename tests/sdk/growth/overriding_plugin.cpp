// A plugin of the grown SDK that overrides the appended function, and asks the context for its own.
#include "dha/plugin.hpp"

namespace {

class Overriding : public dha::Augmenter {
 public:
  static dha::Schema schema() { return dha::Schema("Returns its input and answers the appended call."); }
  Overriding(const dha::Params&, dha::Context& context) : context_(context) {}
  dha::Augmented apply(const at::Tensor& images, const at::Tensor& labels) override { return {images, labels, {}}; }
  int64_t appended() const override { return 40 + context_.appended(); }

 private:
  dha::Context& context_;
};

}  // namespace

DHA_PLUGIN("overriding", "1.0.0", "test", "Apache-2.0", dha::component<Overriding>("test.overriding"))
