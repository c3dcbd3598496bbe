// The operations for a device against the loops for the CPU, on CPU tensors: same draws, same bytes.
#include "tensor_operations.hpp"

#include <boost/test/unit_test.hpp>

#include "drawn_samples.hpp"

namespace {

using namespace dha;
using namespace dha::pairs;

BOOST_AUTO_TEST_SUITE(tensor_operations)

BOOST_AUTO_TEST_CASE(every_operation_gives_the_loops_bytes) {
  const std::vector<Draw> draws = all_draws();
  for (const std::array<int64_t, 3> shape :
       std::vector<std::array<int64_t, 3>>{{3, 1, 1}, {3, 2, 3}, {1, 2, 3}, {3, 17, 31}, {1, 17, 31}, {3, 32, 32}})
    for (const Mapping mapping : {Mapping::kPaper, Mapping::kStrength}) {
      const at::Tensor images = make_images(static_cast<int64_t>(draws.size()), shape);
      check_like_loops(apply_operations(images, calls_of(draws, mapping), fill_tensor(shape[0])),
                       applied_by_loops(images, draws, mapping), draws);
    }
}

BOOST_AUTO_TEST_CASE(large_batches_are_worked_on_in_parts) {
  std::vector<Draw> draws;
  for (int i = 0; i < 28; ++i) draws.push_back({static_cast<Operation>(i % 14), 6, 1, Resampling::kBilinear});
  const at::Tensor images = make_images(28, {3, 256, 256});
  check_like_loops(apply_operations(images, calls_of(draws, Mapping::kPaper), fill_tensor(3)),
                   applied_by_loops(images, draws, Mapping::kPaper), draws);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
