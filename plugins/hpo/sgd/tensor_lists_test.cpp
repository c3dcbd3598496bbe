// Inner products of lists on an accelerator.
#include "tensor_lists.hpp"

#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>

#include <boost/test/unit_test.hpp>

#include "simulated_cuda/simulated_cuda.hpp"

namespace {

using dha::test::SimulatedCuda;

BOOST_AUTO_TEST_SUITE(tensor_lists)

// In float32 the ones would be lost beside 1e8.
BOOST_AUTO_TEST_CASE(inner_products_are_summed_in_double_without_waiting) {
  const SimulatedCuda& cuda = SimulatedCuda::open();
  const auto on_device = [&](const at::Tensor& values) { return values.to(cuda.device().device); };
  const std::vector<at::Tensor> a{on_device(at::full({1}, 1e8f)), on_device(at::ones({2, 3})),
                                  on_device(at::full({1}, -1e8f))};
  const std::vector<at::Tensor> b{on_device(at::ones({1})), on_device(at::ones({2, 3})), on_device(at::ones({1}))};
  const int64_t before = cuda.traffic().synchronisations;
  const at::Tensor product = dha::sgd::inner_product(a, b);
  BOOST_TEST(cuda.traffic().synchronisations == before);
  BOOST_TEST((product.scalar_type() == at::kDouble));
  BOOST_TEST(product.item<double>() == 6.0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
