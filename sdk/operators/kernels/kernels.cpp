#include "kernels.hpp"

#include "convolution.hpp"
#include "norm.hpp"
#include "pool.hpp"

namespace dha::ops::DHA_OPERATORS_ISA {

template <class T>
const Kernels<T>* table() {
  static constexpr Kernels<T> kTable{kWidth<T>,
                                     gather<T>,
                                     scatter<T>,
                                     depthwise_row<T>,
                                     depthwise_weight_row<T>,
                                     multiply<T>,
                                     moments<T>,
                                     normalize<T>,
                                     gradient_sums<T>,
                                     norm_gradient<T>,
                                     max_pool_row<T>,
                                     max_pool_gradient_row<T>,
                                     average_pool_row<T>,
                                     average_pool_gradient_row<T>};
  return &kTable;
}

template const Kernels<float>* table();
template const Kernels<double>* table();

}  // namespace dha::ops::DHA_OPERATORS_ISA
