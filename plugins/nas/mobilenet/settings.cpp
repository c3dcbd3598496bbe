#include "settings.hpp"

namespace dha::mobilenet {

Settings::Settings(const Params& params)
    : width_multiplier(params.real("width_multiplier")),
      depths(params.integers("depths")),
      waits_for_decisions(params.string("candidate_affine") == "frozen_until_decided") {
  if (params.has("stem_stride")) stem_stride = params.integer("stem_stride");
  if (params.has("strides")) strides = params.integers("strides");
}

Schema Settings::schema() {
  constexpr auto kCount = static_cast<int64_t>(kStages);
  return Schema("Inverted residual blocks of ProxylessNAS: every block chooses kernel and expansion, or is left out.")
      .real("width_multiplier", "factor of all channels, which are rounded to multiples of 8")
      .range(0.1, 4)
      .def(1.0)
      .integers("depths", "searched blocks per stage", kCount, kCount)
      .range(1, 16)
      .def(std::vector<int64_t>{4, 4, 4, 4, 4, 1})
      .integer("stem_stride", "stride of the first convolution; default: 2, and 1 for sides below 128 px")
      .one_of({1, 2})
      .optional()
      .integers("strides",
                "strides of the first block of each stage; default: 2, 2, 2, 1, 2, 1, and 1, 2, 2, 1, 2, 1 for sides "
                "below 128 px",
                kCount, kCount)
      .one_of({1, 2})
      .optional()
      .choice("candidate_affine", "affine weights of the supernet's candidates; a lean network always trains them",
              {"frozen_until_decided", "trained"})
      .def("frozen_until_decided");
}

}  // namespace dha::mobilenet
