#include "drawn_samples.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>

#include <boost/test/unit_test.hpp>

#include "dha/images/pixels.hpp"

namespace dha::images {

namespace {

bool moves_pixels(Operation operation) {
  return operation == Operation::kRotate ||
         (operation >= Operation::kShearX && operation <= Operation::kTranslateYRel) ||
         operation == Operation::kTranslateX || operation == Operation::kTranslateY;
}

}  // namespace

std::vector<Draw> all_draws(LevelScale scale) {
  std::vector<Draw> draws;
  for (int operation = 0; operation < kOperationCount; ++operation)
    for (const double eighths : {0.0, 0.3, 1.0, 2.5, 5.0, 7.75, 8.0})
      for (const int sign : {1, -1})
        for (const Resampling resampling : {Resampling::kBilinear, Resampling::kBicubic}) {
          const double place = static_cast<double>(draws.size() % 23) / 23;  // of a cutout, up to the border
          draws.push_back({static_cast<Operation>(operation), eighths / 8 * maximum_level(scale), sign, resampling,
                           place, 1 - 1.0 / 64 - place});
        }
  return draws;
}

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

DrawnCalls calls_of(const std::vector<Draw>& draws, LevelScale scale) {
  std::vector<int64_t> operation, cubic;
  std::vector<double> level, sign, centre;
  for (const Draw& draw : draws) {
    operation.push_back(static_cast<int64_t>(draw.operation));
    level.push_back(draw.level);
    sign.push_back(draw.sign);
    cubic.push_back(draw.resampling == Resampling::kBicubic);
    centre.insert(centre.end(), {draw.centre_x, draw.centre_y});
  }
  const auto column = [](const at::Tensor& values) { return values.unsqueeze(1); };
  const at::Tensor operations = column(at::tensor(operation, at::kLong));
  return {operations,
          operation_values(operations, column(at::tensor(level, at::kDouble)), column(at::tensor(sign, at::kDouble)),
                           scale),
          column(at::tensor(cubic, at::kLong).to(at::kBool)), at::tensor(centre, at::kDouble).view({-1, 1, 2})};
}

DrawnCalls in_sequence(const std::vector<DrawnCalls>& calls) {
  const auto joined = [&](at::Tensor DrawnCalls::*member) {
    std::vector<at::Tensor> all;
    for (const DrawnCalls& one : calls) all.push_back(one.*member);
    return at::cat(all, 1);
  };
  return {joined(&DrawnCalls::operation), joined(&DrawnCalls::value), joined(&DrawnCalls::is_cubic),
          joined(&DrawnCalls::centre)};
}

at::Tensor fill_tensor(int64_t channels) {
  return at::tensor(at::ArrayRef<uint8_t>(kTestFill.data(), static_cast<size_t>(channels)), at::kByte);
}

at::Tensor applied_by_loops(const at::Tensor& images, const std::vector<Draw>& draws, LevelScale scale) {
  at::Tensor results = at::empty_like(images);
  const ImageShape shape{static_cast<int>(images.size(1)), static_cast<int>(images.size(2)),
                         static_cast<int>(images.size(3))};
  Workspace workspace;
  for (size_t i = 0; i < draws.size(); ++i) {
    const Draw& draw = draws[i];
    const OperationCall call{draw.operation,  operation_value(draw.operation, draw.level, draw.sign, scale),
                             draw.resampling, kTestFill,
                             draw.centre_x,   draw.centre_y};
    const int64_t offset = static_cast<int64_t>(i) * shape.size();
    apply_operation(call, shape, images.const_data_ptr<uint8_t>() + offset,
                    results.mutable_data_ptr<uint8_t>() + offset, workspace);
  }
  return results;
}

void check_like_loops(const at::Tensor& found, const at::Tensor& expected, const std::vector<Draw>& draws) {
  const at::Tensor difference = (found.to(at::kInt) - expected.to(at::kInt)).abs();
  for (size_t i = 0; i < draws.size(); ++i) {
    const at::Tensor own = difference[static_cast<int64_t>(i)];
    const auto most = own.max().item<int64_t>();
    const auto share = own.gt(0).to(at::kDouble).mean().item<double>();
    const bool near = moves_pixels(draws[i].operation) && most <= 1 && share <= 0.001;
    BOOST_TEST((most == 0 || near), kOperationNames[static_cast<size_t>(draws[i].operation)]
                                        << " level " << draws[i].level << " sign " << draws[i].sign << " on "
                                        << expected.size(1) << "x" << expected.size(2) << "x" << expected.size(3)
                                        << " image " << i << ": largest difference " << most << ", share " << share);
  }
}

}  // namespace dha::images
