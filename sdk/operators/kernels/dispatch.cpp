#include <cstdlib>
#include <string_view>

#include "kernels.hpp"

namespace dha::ops {

#define DHA_OPERATORS_DECLARE(isa) \
  namespace isa {                  \
  template <class T>               \
  const Kernels<T>* table();       \
  }
DHA_OPERATORS_DECLARE(baseline)
#ifdef DHA_OPERATORS_X86
DHA_OPERATORS_DECLARE(avx2)
DHA_OPERATORS_DECLARE(avx512)
#endif
#undef DHA_OPERATORS_DECLARE

namespace {

template <class T>
const Kernels<T>* best() {
#ifdef DHA_OPERATORS_X86
  const char* const value = std::getenv("DHA_OPERATORS");
  const std::string_view limit = value == nullptr ? "" : value;
  // What x86-64-v4 and v3 add that GCC uses in these kernels.
  const bool runs_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                           __builtin_cpu_supports("avx512cd");
  const bool runs_avx2 =
      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  if (runs_avx512 && limit != "avx2" && limit != "baseline") return avx512::table<T>();
  if (runs_avx2 && limit != "baseline") return avx2::table<T>();
#endif
  return baseline::table<T>();
}

}  // namespace

template <class T>
const Kernels<T>& kernels() {
  static const Kernels<T>* const kBest = best<T>();
  return *kBest;
}

template const Kernels<float>& kernels();
template const Kernels<double>& kernels();

}  // namespace dha::ops
