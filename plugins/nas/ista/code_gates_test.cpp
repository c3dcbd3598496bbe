// The closed-form gradient of the code against autograd, and the identity behind the gates.
#include "code_gates.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>

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

double relative_difference(const at::Tensor& found, const at::Tensor& expected) {
  return largest_difference(found, expected) / expected.abs().max().item<double>();
}

BOOST_AUTO_TEST_SUITE(code_gates)

// The graph is equation 9 as it is written, over all candidates: z = A^T b - (A^T A - I) z, the z on the right held
// constant and zero but for the kept ones, and the gates are its kept entries.
BOOST_FIXTURE_TEST_CASE(gates_and_gradient_are_those_of_a_graph_over_all_candidates, Codes) {
  constexpr int64_t kCandidates = 21, kKept[] = {4, 17};
  const at::Tensor matrices = at::rand({8, 7, kCandidates}, generator, options);  // the A
  at::Tensor sparse = at::zeros({8, kCandidates, 1}, options);
  for (int64_t k = 0; k < 2; ++k) {
    columns.select(1, k).copy_(matrices.select(2, kKept[k]));
    sparse.select(1, kKept[k]).copy_(coefficients.select(1, k).unsqueeze(1));
  }
  at::Tensor leaf = code.clone().requires_grad_(true);
  const at::Tensor transposed = matrices.transpose(1, 2);
  const at::Tensor excess = at::matmul(transposed, matrices) - at::eye(kCandidates, options);
  const at::Tensor all = at::matmul(transposed, leaf.unsqueeze(2)) - at::matmul(excess, sparse);
  const at::Tensor expected = at::stack({all.select(1, kKept[0]), all.select(1, kKept[1])}, 1).squeeze(2);
  const auto loss_of = [](const at::Tensor& gates) { return gates.sin().mul(gates.square()).sum(); };
  loss_of(expected).backward();

  const at::Tensor gates = gate_weights(columns, code, gate_bias(columns, coefficients)).requires_grad_(true);
  loss_of(gates).backward();
  BOOST_TEST(relative_difference(gates.detach(), expected.detach()) < 1e-10);
  BOOST_TEST(relative_difference(code_gradient(columns, gates.grad()), leaf.grad()) < 1e-10);
}

BOOST_FIXTURE_TEST_CASE(gates_are_the_coefficients_where_the_code_has_no_others, Codes) {
  const at::Tensor exact_code = columns.mul(coefficients.unsqueeze(2)).sum(1);  // b = A z
  const at::Tensor weights = gate_weights(columns, exact_code, gate_bias(columns, coefficients));
  BOOST_TEST(largest_difference(weights, coefficients) < 1e-12);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
