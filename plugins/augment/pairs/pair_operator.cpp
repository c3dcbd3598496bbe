#include "pair_operator.hpp"

#include <torch/library.h>

namespace dha::pairs {

namespace {

constexpr const char* kSchema =
    "apply(Tensor images, Tensor operation, Tensor value, Tensor is_cubic, Tensor fill) -> Tensor";

at::Tensor apply_by_operators(const at::Tensor& images, const at::Tensor& operation, const at::Tensor& value,
                              const at::Tensor& is_cubic, const at::Tensor& fill) {
  at::Tensor result = images;
  for (int64_t i = 0; i < 2; ++i)
    result = apply_operations(result, {operation.select(1, i), value.select(1, i), is_cubic.select(1, i)}, fill);
  return result;
}

}  // namespace

void register_pair_operator() {
  static torch::Library library(torch::Library::DEF, "dha_pairs", std::nullopt, __FILE__, __LINE__);
  library.def(kSchema);
  library.impl("apply", torch::dispatch(c10::DispatchKey::CompositeExplicitAutograd, &apply_by_operators));
}

at::Tensor apply_pairs(const at::Tensor& images, const DrawnCalls& calls, const at::Tensor& fill) {
  static const auto apply = c10::Dispatcher::singleton()
                                .findSchemaOrThrow("dha_pairs::apply", "")
                                .typed<at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&,
                                                  const at::Tensor&, const at::Tensor&)>();
  return apply.call(images, calls.operation, calls.value, calls.is_cubic, fill);
}

}  // namespace dha::pairs
