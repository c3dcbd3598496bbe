#include "dha/nas/adam_params.hpp"

#include <vector>

namespace dha::nas {

AdamOptions adam_options(const Params& params) {
  const std::vector<double> betas = params.reals("betas");
  AdamOptions options;
  options.learning_rate = params.real("learning_rate");
  options.beta1 = betas[0];
  options.beta2 = betas[1];
  options.weight_decay = params.real("weight_decay");
  return options;
}

}  // namespace dha::nas
