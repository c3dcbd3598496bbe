// The operations for a device against the loops for the CPU, on CPU tensors: same draws, same bytes.
#include "tensor_operations.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <vector>

#include "apply_operation.hpp"

namespace {

using namespace dha;
using namespace dha::pairs;

constexpr std::array<uint8_t, 3> kFill{120, 17, 203};

struct Draw {
  Operation operation;
  double level;
  int sign;
  Resampling resampling;
};

std::vector<Draw> all_draws() {
  std::vector<Draw> draws;
  for (int operation = 0; operation < kOperationCount; ++operation)
    for (const double level : {0.0, 0.3, 1.0, 2.5, 5.0, 7.75, 8.0})
      for (const int sign : {1, -1})
        for (const Resampling resampling : {Resampling::kBilinear, Resampling::kBicubic})
          draws.push_back({static_cast<Operation>(operation), level, sign, resampling});
  return draws;
}

bool moves_pixels(Operation operation) {
  return operation == Operation::kRotate || (operation >= Operation::kShearX && operation <= Operation::kTranslateYRel);
}

// Noise, noise of few values, constant and two-valued images in turn.
at::Tensor make_images(int64_t count, at::IntArrayRef shape) {
  at::Generator generator = at::detail::createCPUGenerator(11);
  std::vector<int64_t> sizes{count};
  sizes.insert(sizes.end(), shape.begin(), shape.end());
  at::Tensor images = at::randint(256, sizes, generator, at::TensorOptions(at::kByte));
  for (int64_t i = 0; i < count; ++i) {
    at::Tensor image = images[i];
    if (i % 4 == 1) image.copy_(image.floor_divide(64) * 30 + 40);
    if (i % 4 == 2) image.fill_(37 + i % 200);
    if (i % 4 == 3) image.copy_(at::where(image.gt(200), at::full({}, 200, at::kByte), at::full({}, 31, at::kByte)));
  }
  return images;
}

at::Tensor applied_by_loops(const at::Tensor& images, const std::vector<Draw>& draws, Mapping mapping) {
  at::Tensor results = at::empty_like(images);
  const ImageShape shape{static_cast<int>(images.size(1)), static_cast<int>(images.size(2)),
                         static_cast<int>(images.size(3))};
  Workspace workspace;
  for (size_t i = 0; i < draws.size(); ++i) {
    const Draw& draw = draws[i];
    const OperationCall call{draw.operation, operation_value(draw.operation, draw.level, draw.sign, mapping),
                             draw.resampling, kFill};
    const int64_t offset = static_cast<int64_t>(i) * shape.size();
    apply_operation(call, shape, images.const_data_ptr<uint8_t>() + offset,
                    results.mutable_data_ptr<uint8_t>() + offset, workspace);
  }
  return results;
}

at::Tensor applied_by_tensors(const at::Tensor& images, const std::vector<Draw>& draws, Mapping mapping) {
  std::vector<int64_t> operation, cubic;
  std::vector<double> level, sign;
  for (const Draw& draw : draws) {
    operation.push_back(static_cast<int64_t>(draw.operation));
    level.push_back(draw.level);
    sign.push_back(draw.sign);
    cubic.push_back(draw.resampling == Resampling::kBicubic);
  }
  const at::Tensor operations = at::tensor(operation, at::kLong);
  const at::Tensor values =
      operation_values(operations, at::tensor(level, at::kDouble), at::tensor(sign, at::kDouble), mapping);
  const at::Tensor fill =
      at::tensor(at::ArrayRef<uint8_t>(kFill.data(), 3), at::kByte).view({1, 3, 1}).narrow(1, 0, images.size(1));
  return apply_operations(images, {operations, values, at::tensor(cubic, at::kLong).to(at::kBool)}, fill);
}

BOOST_AUTO_TEST_SUITE(tensor_operations)

BOOST_AUTO_TEST_CASE(every_operation_gives_the_loops_bytes) {
  const std::vector<Draw> draws = all_draws();
  const auto count = static_cast<int64_t>(draws.size());
  for (const std::array<int64_t, 3> shape :
       std::vector<std::array<int64_t, 3>>{{3, 1, 1}, {3, 2, 3}, {1, 2, 3}, {3, 17, 31}, {1, 17, 31}, {3, 32, 32}})
    for (const Mapping mapping : {Mapping::kPaper, Mapping::kStrength}) {
      const at::Tensor images = make_images(count, shape);
      const at::Tensor expected = applied_by_loops(images, draws, mapping);
      const at::Tensor found = applied_by_tensors(images, draws, mapping);
      const at::Tensor difference = (found.to(at::kInt) - expected.to(at::kInt)).abs();
      for (int64_t i = 0; i < count; ++i) {
        const Draw& draw = draws[static_cast<size_t>(i)];
        const int64_t most = difference[i].max().item<int64_t>();
        const double share = difference[i].gt(0).to(at::kDouble).mean().item<double>();
        const bool near = moves_pixels(draw.operation) && most <= 1 && share <= 0.001;
        BOOST_TEST((most == 0 || near), kOperationNames[static_cast<size_t>(draw.operation)]
                                            << " level " << draw.level << " sign " << draw.sign << " on " << shape[0]
                                            << "x" << shape[1] << "x" << shape[2] << " image " << i
                                            << ": largest difference " << most << ", share " << share);
      }
    }
}

// More than one part.
BOOST_AUTO_TEST_CASE(large_batches_are_worked_on_in_parts) {
  std::vector<Draw> draws;
  for (int i = 0; i < 30; ++i)
    draws.push_back({static_cast<Operation>(i % kOperationCount), 6, 1, Resampling::kBilinear});
  const at::Tensor images = make_images(30, {3, 256, 256});
  const at::Tensor expected = applied_by_loops(images, draws, Mapping::kPaper);
  const at::Tensor found = applied_by_tensors(images, draws, Mapping::kPaper);
  BOOST_TEST(found.to(at::kInt).sub(expected.to(at::kInt)).abs().max().item<int64_t>() <= 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
