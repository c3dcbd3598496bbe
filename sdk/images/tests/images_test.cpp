// Batches, sequences, level scales and refusals of Dha::images; the pixels themselves are held to Pillow's by the
// golden test.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "dha/error.hpp"
#include "dha/images/apply.hpp"
#include "dha/images/image_batch.hpp"
#include "dha/images/named_operations.hpp"
#include "dha/images/pixels.hpp"

namespace {

using namespace dha;
using namespace dha::images;

at::Tensor random_images(int64_t count, int64_t channels, int64_t height, int64_t width) {
  return at::randint(256, {count, channels, height, width}, at::detail::createCPUGenerator(5), at::kByte);
}

bool is_contract_violation(const Error& error) { return error.code() == ErrorCode::kContractViolation; }
bool is_invalid_parameter(const Error& error) { return error.code() == ErrorCode::kInvalidParameter; }

// The same operations for every image, each with value 1: posterize keeps one bit.
DrawnCalls same_for_all(int64_t count, const std::vector<Operation>& operations) {
  std::vector<int64_t> indices;
  for (const Operation operation : operations) indices.push_back(static_cast<int64_t>(operation));
  const auto per_image = static_cast<int64_t>(operations.size());
  return {at::tensor(indices, at::kLong).view({1, -1}).expand({count, -1}),
          at::full({count, per_image}, 1.0, at::kDouble),
          at::zeros({count, per_image}, at::kBool),
          {}};
}

const at::Tensor kGrey = at::tensor({7, 8, 9}, at::kByte);

BOOST_AUTO_TEST_SUITE(images_library)

BOOST_AUTO_TEST_CASE(names_and_indices_agree) {
  for (int i = 0; i < kOperationCount; ++i) {
    const auto operation = static_cast<Operation>(i);
    BOOST_TEST_REQUIRE(find_operation(operation_name(operation)).has_value());
    BOOST_TEST((find_operation(operation_name(operation)) == operation));
  }
  BOOST_TEST(std::string(operation_name(Operation::kCutout)) == "cutout");
  BOOST_TEST(std::string(operation_name(Operation::kTranslateY)) == "translate_y");
  BOOST_TEST(!find_operation("shear").has_value());
}

struct Parameter {
  Operation operation;
  double lowest, middle, highest;  // at level 0, at half and at the largest level, with sign -1
};

void check_scale(LevelScale scale, const std::vector<Parameter>& expected) {
  const double most = maximum_level(scale);
  for (const auto& [operation, lowest, middle, highest] : expected) {
    const std::vector<double> levels{0, most / 2, most}, values{lowest, middle, highest};
    const at::Tensor by_tensor =
        operation_values(at::full({3}, static_cast<int64_t>(operation), at::kLong), at::tensor(levels, at::kDouble),
                         at::full({3}, -1.0, at::kDouble), scale);
    for (size_t i = 0; i < levels.size(); ++i) {
      const double found = operation_value(operation, levels[i], -1, scale);
      BOOST_TEST(std::abs(found - values[i]) < 1e-12, operation_name(operation) << ' ' << levels[i] << ": " << found);
      BOOST_TEST(by_tensor[static_cast<int64_t>(i)].item<double>() == found);
    }
  }
}

// The tables of DHA's and of PBA's authors.
BOOST_AUTO_TEST_CASE(levels_mean_what_their_authors_say) {
  using enum Operation;
  BOOST_TEST(maximum_level(LevelScale::kPaper) == 8);
  check_scale(LevelScale::kPaper, {{kRotate, 0, -15, -30},
                                   {kPosterize, 1, 2, 4},
                                   {kSolarize, 0, 128, 256},
                                   {kColor, 0.1, 1, 1.9},
                                   {kContrast, 0.1, 1, 1.9},
                                   {kBrightness, 0.1, 1, 1.9},
                                   {kSharpness, 0.1, 1, 1.9},
                                   {kShearX, 0, -0.15, -0.3},
                                   {kShearY, 0, -0.15, -0.3},
                                   {kTranslateXRel, 0, -0.225, -0.45},
                                   {kTranslateYRel, 0, -0.225, -0.45},
                                   {kAutoContrast, 1, 1, 1},
                                   {kEqualize, 1, 1, 1}});
  BOOST_TEST(maximum_level(LevelScale::kPba) == 10);
  check_scale(LevelScale::kPba, {{kRotate, 0, -15, -30},
                                 {kTranslateX, 0, -5, -10},
                                 {kTranslateY, 0, -5, -10},
                                 {kBrightness, 0.1, 1, 1.9},
                                 {kColor, 0.1, 1, 1.9},
                                 {kSharpness, 0.1, 1, 1.9},
                                 {kPosterize, 4, 2, 0},
                                 {kShearX, 0, -0.15, -0.3},
                                 {kSolarize, 256, 128, 0},
                                 {kShearY, 0, -0.15, -0.3},
                                 {kEqualize, 1, 1, 1},
                                 {kAutoContrast, 1, 1, 1},
                                 {kCutout, 0, 10, 20},
                                 {kContrast, 0.1, 1, 1.9}});
  BOOST_TEST(maximum_level(LevelScale::kStrength) == 8);
  check_scale(LevelScale::kStrength, {{kPosterize, 8, 5, 1},
                                      {kSolarize, 256, 128, 0},
                                      {kColor, 1, 0.55, 0.1},
                                      {kEqualize, 0, 0.5, 1},
                                      {kCutout, 0, 10, 20}});
  BOOST_TEST(operation_value(kRotate, 3.9, 1, LevelScale::kPba) == 11);  // whole degrees
  BOOST_TEST(operation_value(kRotate, 3.9, 1, LevelScale::kPaper) == 30 * 3.9 / 8);
}

// Every tensor of levels gives the numbers that levels one by one give.
BOOST_AUTO_TEST_CASE(tensors_of_levels_give_the_same_bits) {
  for (const LevelScale scale : {LevelScale::kPaper, LevelScale::kStrength, LevelScale::kPba})
    for (int operation = 0; operation < kOperationCount; ++operation)
      for (const int sign : {1, -1}) {
        std::vector<double> levels;
        for (int i = 0; i <= 40; ++i) levels.push_back(maximum_level(scale) * i / 40);
        const at::Tensor found = operation_values(at::full({41}, operation, at::kLong), at::tensor(levels, at::kDouble),
                                                  at::full({41}, static_cast<double>(sign), at::kDouble), scale);
        for (int64_t i = 0; i <= 40; ++i)
          BOOST_TEST(found[i].item<double>() ==
                     operation_value(static_cast<Operation>(operation), levels[static_cast<size_t>(i)], sign, scale));
      }
}

BOOST_AUTO_TEST_CASE(one_or_more_operations_follow_one_another) {
  const at::Tensor input = random_images(5, 3, 6, 7), copy = input.clone();
  using enum Operation;
  const auto applied = [&](const std::vector<Operation>& operations) {
    return apply_operations(input, same_for_all(5, operations), kGrey);
  };
  BOOST_TEST(at::equal(applied({kInvert}), 255 - input));
  BOOST_TEST(at::equal(applied({kInvert, kInvert}), input));
  BOOST_TEST(at::equal(applied({kInvert, kIdentity, kInvert, kInvert}), 255 - input));
  BOOST_TEST(at::equal(applied({kInvert, kPosterize}), (255 - input).bitwise_and(0x80)));
  BOOST_TEST(at::equal(applied({kInvert, kPosterize, kInvert}), 255 - (255 - input).bitwise_and(0x80)));
  BOOST_TEST(at::equal(input, copy));
  const at::Tensor unchanged = applied({kIdentity, kIdentity, kIdentity});
  BOOST_TEST(at::equal(unchanged, input));
  BOOST_TEST(!unchanged.is_alias_of(input));
}

BOOST_AUTO_TEST_CASE(each_image_gets_its_own_operations) {
  const at::Tensor input = random_images(3, 1, 4, 4);
  std::vector<OperationCall> calls(6);
  calls[2].operation = Operation::kInvert;  // first of the second image
  calls[5] = {Operation::kPosterize, 4, Resampling::kBilinear, {}};
  const at::Tensor found = apply_operations(input, calls);
  BOOST_TEST(at::equal(found[0], input[0]));
  BOOST_TEST(at::equal(found[1], 255 - input[1]));
  BOOST_TEST(at::equal(found[2], input[2].bitwise_and(0xf0)));
  const at::Tensor upright = input.transpose(2, 3);  // not contiguous
  BOOST_TEST(at::equal(apply_operations(upright, calls)[1], 255 - upright[1]));
}

at::Tensor cut(const at::Tensor& input, double side, double x, double y) {
  const int64_t count = input.size(0);
  return apply_operations(input,
                          {at::full({count, 1}, static_cast<int64_t>(Operation::kCutout), at::kLong),
                           at::full({count, 1}, side, at::kDouble), at::zeros({count, 1}, at::kBool),
                           at::tensor({x, y}, at::kDouble).view({1, 1, 2}).expand({count, -1, -1})},
                          kGrey.narrow(0, 0, input.size(1)));
}

BOOST_AUTO_TEST_CASE(cutout_covers_a_square_around_its_centre) {
  const at::Tensor input = random_images(2, 3, 8, 10).clamp_min(50);
  const auto covered = [&](int64_t top, int64_t bottom, int64_t left, int64_t right) {
    at::Tensor expected = input.clone();
    for (int64_t channel = 0; channel < 3; ++channel)
      expected.select(1, channel).slice(1, top, bottom).slice(2, left, right).fill_(7 + channel);
    return expected;
  };
  BOOST_TEST(at::equal(cut(input, 4, 0.5, 0.5), covered(2, 6, 3, 7)));       // centre row 4, column 5
  BOOST_TEST(at::equal(cut(input, 3, 0.5, 0.5), covered(3, 6, 4, 7)));       // one more to the right and below
  BOOST_TEST(at::equal(cut(input, 4, 0, 0), covered(0, 2, 0, 2)));           // cut by the border
  BOOST_TEST(at::equal(cut(input, 4, 0.999, 0.999), covered(5, 8, 7, 10)));  // centre row 7, column 9
  BOOST_TEST(at::equal(cut(input, 40, 0.3, 0.3), covered(0, 8, 0, 10)));
  BOOST_TEST(at::equal(cut(input, 0, 0.3, 0.3), input));
}

BOOST_AUTO_TEST_CASE(empty_batches) {
  const at::Tensor none = random_images(0, 3, 4, 6);
  BOOST_TEST(apply_operations(none, same_for_all(0, {Operation::kInvert}), kGrey).sizes().vec() == none.sizes().vec());
  BOOST_TEST(apply_operations(none, std::vector<OperationCall>()).sizes().vec() == none.sizes().vec());
}

BOOST_AUTO_TEST_CASE(the_operator_is_registered_with_loops_for_the_cpu) {
  apply_operations(random_images(1, 3, 2, 2), same_for_all(1, {Operation::kInvert}), kGrey);
  const auto found = c10::Dispatcher::singleton().findSchema({"dha_images::apply", ""});
  BOOST_TEST_REQUIRE(found.has_value());
  BOOST_TEST(found->hasKernelForDispatchKey(c10::DispatchKey::CPU));
}

void check_refused(const at::Tensor& batch, const DrawnCalls& calls, const at::Tensor& fill) {
  BOOST_CHECK_EXCEPTION(apply_operations(batch, calls, fill), Error, is_contract_violation);
}

BOOST_AUTO_TEST_CASE(other_tensors_are_refused) {
  const at::Tensor input = random_images(2, 3, 4, 4);
  const DrawnCalls good = same_for_all(2, {Operation::kInvert});
  BOOST_CHECK_NO_THROW(apply_operations(input, good, kGrey));
  check_refused(input.to(at::kFloat), good, kGrey);
  check_refused(random_images(2, 2, 4, 4), good, kGrey);
  check_refused(random_images(3, 3, 4, 4), good, kGrey);
  check_refused(input, good, kGrey.narrow(0, 0, 1));
  check_refused(input, good, {});
  check_refused(input, {}, kGrey);
  check_refused(input, {good.operation.select(1, 0), good.value, good.is_cubic, {}}, kGrey);
  check_refused(input, {good.operation.narrow(1, 0, 0), good.value, good.is_cubic, {}}, kGrey);
  check_refused(input, {good.operation, good.value.to(at::kFloat), good.is_cubic, {}}, kGrey);
  check_refused(input, {good.operation, good.value, good.is_cubic, at::zeros({2, 1}, at::kDouble)}, kGrey);
  for (const int64_t index : {-1, kOperationCount})
    check_refused(input, {at::full({2, 1}, index, at::kLong), good.value, good.is_cubic, {}}, kGrey);
  for (const size_t count : {0, 3})
    BOOST_CHECK_EXCEPTION(apply_operations(input, std::vector<OperationCall>(count)), Error, is_contract_violation);
}

BOOST_AUTO_TEST_CASE(named_operations_are_those_offered) {
  const NamedOperations pba(LevelScale::kPba, {Operation::kInvert, Operation::kPosterize, Operation::kCutout});
  const at::Tensor input = random_images(2, 3, 9, 9);
  BOOST_TEST(pba.names() == (std::vector<std::string>{"invert", "posterize", "cutout"}),
             boost::test_tools::per_element());
  BOOST_TEST(at::equal(pba.apply(input, {.name = "invert"}), 255 - input));
  BOOST_TEST(at::equal(pba.apply(input, {.name = "posterize", .level = 0}), input.bitwise_and(0xf0)));
  BOOST_TEST(pba.apply(input, {.name = "posterize", .level = 10}).eq(0).all().item().toBool());
  BOOST_TEST(pba.apply(input, {.name = "cutout", .level = 10, .fill = {4, 4, 4}}).eq(4).all().item().toBool());
  for (const ImageOperation& wrong : std::vector<ImageOperation>{{.name = "rotate"},
                                                                 {.name = "inverted"},
                                                                 {.name = "invert", .level = 10.5},
                                                                 {.name = "invert", .level = -1},
                                                                 {.name = "invert", .level = 1, .sign = 0}})
    BOOST_CHECK_EXCEPTION(pba.apply(input, wrong), Error, is_invalid_parameter);
  BOOST_CHECK_EXCEPTION(
      NamedOperations(LevelScale::kPaper, {Operation::kInvert}).apply(input, {.name = "invert", .level = 8.5}), Error,
      is_invalid_parameter);
  BOOST_CHECK_EXCEPTION(pba.apply(input.to(at::kFloat), {.name = "invert"}), Error, is_contract_violation);
}

BOOST_AUTO_TEST_CASE(mean_colours) {
  DatasetInfo info;
  info.channels = 3;
  info.mean = {0.2, 0.4, 0.6019};
  BOOST_TEST(mean_colour(info) == (std::vector<uint8_t>{51, 102, 153}), boost::test_tools::per_element());
  BOOST_TEST(at::equal(colour_tensor({51, 102}, at::kCPU), at::tensor({51, 102}, at::kByte).view({1, 2, 1, 1})));
  info.mean = {0.2, 0.4, 1.5};
  BOOST_CHECK_EXCEPTION(mean_colour(info), Error, is_contract_violation);
  info.mean = {0.2};
  BOOST_CHECK_EXCEPTION(mean_colour(info), Error, is_contract_violation);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
