// The closed-form gradient of the code against autograd, and the identity behind the gates.
#include "code_gates.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>

#include <boost/test/unit_test.hpp>

namespace {

using namespace dha::ista;

struct Codes {
  at::Generator generator = at::detail::createCPUGenerator(11);
  at::TensorOptions options = at::TensorOptions(at::kDouble);
  at::Tensor columns = at::rand({8, 2, 7}, generator, options);
  at::Tensor code = at::randn({8, 7}, generator, options);
  at::Tensor coefficients = at::randn({8, 2}, generator, options);
};

double largest_difference(const at::Tensor& a, const at::Tensor& b) { return a.sub(b).abs().max().item<double>(); }

BOOST_AUTO_TEST_SUITE(code_gates)

BOOST_FIXTURE_TEST_CASE(gradient_is_that_of_autograd, Codes) {
  code.requires_grad_(true);
  const at::Tensor weights = gate_weights(columns, code, gate_bias(columns, coefficients));
  const at::Tensor loss = weights.sin().mul(weights.square()).sum();  // any smooth function of all gates
  loss.backward();
  const at::Tensor w = weights.detach();
  const at::Tensor gate_gradients = w.cos().mul(w.square()).add(w.sin().mul(w).mul(2));
  BOOST_TEST(largest_difference(code.grad(), code_gradient(columns, gate_gradients)) < 1e-10);
  BOOST_TEST(code.grad().abs().max().item<double>() > 0.1);
}

BOOST_FIXTURE_TEST_CASE(gates_are_the_coefficients_where_the_code_has_no_others, Codes) {
  const at::Tensor exact_code = columns.mul(coefficients.unsqueeze(2)).sum(1);  // b = A z
  const at::Tensor weights = gate_weights(columns, exact_code, gate_bias(columns, coefficients));
  BOOST_TEST(largest_difference(weights, coefficients) < 1e-12);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
