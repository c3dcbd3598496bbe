// The operations for a device against the loops for the CPU, on CPU tensors: same draws, same bytes.
#include "tensor_operations.hpp"

#include <ATen/ops/equal.h>

#include <boost/test/unit_test.hpp>

#include "drawn_samples.hpp"

namespace {

using namespace dha;
using namespace dha::images;

BOOST_AUTO_TEST_SUITE(tensor_operations)

BOOST_AUTO_TEST_CASE(every_operation_gives_the_loops_bytes) {
  for (const std::array<int64_t, 3> shape :
       std::vector<std::array<int64_t, 3>>{{3, 1, 1}, {3, 2, 3}, {1, 2, 3}, {3, 17, 31}, {1, 17, 31}, {3, 32, 32}})
    for (const LevelScale scale : kScales) {
      const std::vector<Draw> draws = all_draws(scale);
      const at::Tensor images = make_images(static_cast<int64_t>(draws.size()), shape);
      check_like_loops(apply_by_libtorch(images, calls_of(draws, scale), fill_tensor(shape[0])),
                       applied_by_loops(images, draws, scale), draws);
    }
}

BOOST_AUTO_TEST_CASE(large_batches_are_worked_on_in_parts) {
  std::vector<Draw> draws;
  for (int i = 0; i < 2 * kOperationCount; ++i)
    draws.push_back({static_cast<Operation>(i % kOperationCount), 6, 1, Resampling::kBilinear});
  const at::Tensor images = make_images(2 * kOperationCount, {3, 256, 256});
  check_like_loops(apply_by_libtorch(images, calls_of(draws, LevelScale::kPaper), fill_tensor(3)),
                   applied_by_loops(images, draws, LevelScale::kPaper), draws);
}

// Of colour operations, which are the same bytes one by one.
BOOST_AUTO_TEST_CASE(operations_follow_one_another) {
  std::vector<Draw> draws;
  for (const Draw& draw : all_draws(LevelScale::kPaper))
    if (draw.operation < Operation::kShearX && draw.operation != Operation::kRotate) draws.push_back(draw);
  const size_t count = draws.size();
  at::Tensor images = make_images(static_cast<int64_t>(count), {3, 9, 11});
  std::vector<DrawnCalls> calls;
  at::Tensor expected = images;
  for (size_t step = 0; step < 3; ++step) {
    std::vector<Draw> own;
    for (size_t i = 0; i < count; ++i) own.push_back(draws[(i * (2 * step + 1) + 7 * step) % count]);
    calls.push_back(calls_of(own, LevelScale::kPaper));
    expected = applied_by_loops(expected, own, LevelScale::kPaper);
    BOOST_TEST(at::equal(apply_by_libtorch(images, in_sequence(calls), fill_tensor(3)), expected));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
