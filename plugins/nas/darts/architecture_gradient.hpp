// The gradients of the validation loss with respect to gates that DARTS descends along (Liu et al., 2019, section 2.3).
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "dha/searcher.hpp"

namespace dha::darts {

// First order: of the next validation batch at the current weights. One entry per choice, (active).
std::vector<at::Tensor> first_order_gradient(SearchServices& services, const Gates& gates);

// Second order (equation 7): of the next validation batch at the weights w' that the hyper-optimizer's next step would
// reach, w' = w + move(dL_train/dw), as a function of the gates:
//   dL_val(w')/dgates + d/dgates <dL_train/dw, u>,   u = (d move / d gradient) dL_val(w')/dw'
// For gradient descent with momentum u is -xi dL_val/dw', with the learning rate xi. The second term is the difference
// of dL_train/dgates at w + e u and w - e u, divided by 2 e, with e = radius / |u| (equation 8; radius 0.01 as
// published): with this u these are the points w -+ eps dL_val/dw' and the quotient is that of the paper times -xi.
//
// u is the change of move() when dL_val/dw' is added to its gradient, exact for rules that are linear in the gradient,
// Nesterov momentum included. Weights that take no part in one of the two losses do not count. Makes no host-device
// synchronisation. Throws Error{kInvalidConfig} if the hyper-optimizer has no preview.
std::vector<at::Tensor> second_order_gradient(SearchServices& services, const Gates& gates, double radius);

}  // namespace dha::darts
