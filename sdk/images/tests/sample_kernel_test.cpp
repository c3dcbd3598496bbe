// The CUDA kernel's code, run by a block of one thread, against the loops for the CPU.
#include "sample_kernel.hpp"

#include <ATen/ops/empty_like.h>

#include <boost/test/unit_test.hpp>
#include <memory>

#include "drawn_samples.hpp"

namespace {

using namespace dha;
using namespace dha::images;

struct BlockOfOne {
  static int thread() { return 0; }
  static int threads() { return 1; }
  static void sync() {}
  template <class Value>
  static void add(Value* counter, Value value) {
    *counter += value;
  }
};

at::Tensor applied_by_kernel(const at::Tensor& images, const std::vector<Draw>& draws, LevelScale scale) {
  at::Tensor results = at::empty_like(images);
  const Planes shape{static_cast<int>(images.size(1)), static_cast<int>(images.size(2)),
                     static_cast<int>(images.size(3))};
  const int64_t size = images[0].numel();
  const auto memory = std::make_unique<SampleMemory>();
  for (size_t i = 0; i < draws.size(); ++i) {
    const Draw& draw = draws[i];
    const SampleCall call{static_cast<int>(draw.operation),
                          operation_value(draw.operation, draw.level, draw.sign, scale),
                          draw.resampling == Resampling::kBicubic, draw.centre_x, draw.centre_y};
    const int64_t offset = static_cast<int64_t>(i) * size;
    apply_sample(BlockOfOne{}, *memory, call, kTestFill.data(), shape, images.const_data_ptr<uint8_t>() + offset,
                 results.mutable_data_ptr<uint8_t>() + offset);
  }
  return results;
}

BOOST_AUTO_TEST_SUITE(sample_kernel)

BOOST_AUTO_TEST_CASE(every_operation_gives_the_loops_bytes) {
  for (const std::array<int64_t, 3> shape : std::vector<std::array<int64_t, 3>>{
           {3, 1, 1}, {3, 2, 3}, {1, 2, 3}, {3, 17, 31}, {1, 17, 31}, {3, 32, 32}, {3, 64, 48}})
    for (const LevelScale scale : kScales) {
      const std::vector<Draw> draws = all_draws(scale);
      const at::Tensor images = make_images(static_cast<int64_t>(draws.size()), shape);
      check_like_loops(applied_by_kernel(images, draws, scale), applied_by_loops(images, draws, scale), draws);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
