#include <ATen/TensorOperators.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/stack.h>

#include "dha/images/apply.hpp"

namespace dha::images {
namespace {

// The parameters of all operations at each level, in the groups that share one.
struct Parameters {
  at::Tensor share, rotation, bits, threshold, enhancement, shear, relative_translation, translation, cutout;
};

// level_scale.cpp in its order of arithmetic. u: share of the largest level.
Parameters common_parameters(const at::Tensor& u, const at::Tensor& sign) {
  Parameters made;
  made.share = at::ones_like(u);
  made.rotation = sign * 30 * u;
  made.shear = sign * 0.3 * u;
  made.relative_translation = sign * 0.45 * u;
  made.translation = sign * (10 * u).trunc();
  made.cutout = (20 * u).trunc();
  return made;
}

Parameters paper_parameters(const at::Tensor& u, const at::Tensor& sign) {
  Parameters made = common_parameters(u, sign);
  made.bits = (3 * u + 1).trunc();
  made.threshold = (256 * u).trunc();
  made.enhancement = 1.8 * u + 0.1;
  return made;
}

Parameters strength_parameters(const at::Tensor& u, const at::Tensor& sign) {
  Parameters made = common_parameters(u, sign);
  made.share = u;
  made.bits = 8 - (7 * u).trunc();
  made.threshold = 256 - (256 * u).trunc();
  made.enhancement = 1 + sign * 0.9 * u;
  return made;
}

Parameters pba_parameters(const at::Tensor& level, const at::Tensor& sign, double largest) {
  const auto share_of = [&](double most) { return level * most / largest; };
  Parameters made = common_parameters(level / largest, sign);
  made.rotation = sign * share_of(30).trunc();
  made.shear = sign * share_of(0.3);
  made.bits = 4 - share_of(4).trunc();
  made.threshold = 256 - share_of(256).trunc();
  made.enhancement = share_of(1.8) + 0.1;
  made.translation = sign * share_of(10).trunc();
  made.cutout = share_of(20).trunc();
  return made;
}

Parameters parameters_of(const at::Tensor& level, const at::Tensor& sign, LevelScale scale) {
  const double largest = maximum_level(scale);
  if (scale == LevelScale::kPba) return pba_parameters(level, sign, largest);
  return scale == LevelScale::kPaper ? paper_parameters(level / largest, sign)
                                     : strength_parameters(level / largest, sign);
}

}  // namespace

at::Tensor operation_values(const at::Tensor& operation, const at::Tensor& level, const at::Tensor& sign,
                            LevelScale scale) {
  const Parameters of = parameters_of(level, sign, scale);
  const at::Tensor one = at::ones_like(level);
  // In the order of Operation.
  const at::Tensor all =
      at::stack({of.share, of.share, of.rotation, of.bits, of.threshold, of.enhancement, of.enhancement, of.enhancement,
                 of.enhancement, of.shear, of.shear, of.relative_translation, of.relative_translation, one, one,
                 of.cutout, of.translation, of.translation},
                -1);
  return all.gather(-1, operation.unsqueeze(-1)).squeeze(-1);
}

}  // namespace dha::images
