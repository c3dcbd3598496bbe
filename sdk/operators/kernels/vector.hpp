// The vectors that a kernel works on: as wide as the instruction set that the file is compiled for.
//
// Files that include this are compiled once for each instruction set, into a namespace of its own (DHA_OPERATORS_ISA).
// They include no header with inline functions of others: the linker keeps one copy of those, which might be the one
// that the machine cannot run.
#pragma once

#include <stdint.h>
#ifdef __AVX512F__
#include <immintrin.h>
#endif

#define DHA_OPERATORS_INLINE inline __attribute__((always_inline))
#define DHA_OPERATORS_LAMBDA __attribute__((always_inline))  // after a lambda's parameters

namespace dha::ops::DHA_OPERATORS_ISA {

#if defined(__AVX512F__)
constexpr int64_t kVectorBytes = 64;
constexpr int kTileRows = 8;  // of a matrix product: twice as many accumulators, of 32 registers
#elif defined(__AVX2__)
constexpr int64_t kVectorBytes = 32;
constexpr int kTileRows = 4;
#else
constexpr int64_t kVectorBytes = 16;
constexpr int kTileRows = 4;
#endif

template <class T>
struct VectorOf;
template <>
struct VectorOf<float> {
  typedef float Type __attribute__((vector_size(kVectorBytes)));
};
template <>
struct VectorOf<double> {
  typedef double Type __attribute__((vector_size(kVectorBytes)));
};

template <class T>
using Vector = typename VectorOf<T>::Type;

template <class T>
constexpr int64_t kWidth = kVectorBytes / static_cast<int64_t>(sizeof(T));

template <class T>
DHA_OPERATORS_INLINE Vector<T> load(const T* from) {
  Vector<T> value;
  __builtin_memcpy(&value, from, sizeof(value));
  return value;
}

template <class T>
DHA_OPERATORS_INLINE void store(T* to, Vector<T> value) {
  __builtin_memcpy(to, &value, sizeof(value));
}

// The first `count` places of a vector, at most all: reads nothing behind them (0 instead) and writes nothing there.
template <class T>
class Lanes {
 public:
  DHA_OPERATORS_INLINE explicit Lanes(int64_t count) : count_(count < kWidth<T> ? count : kWidth<T>) {
#ifdef __AVX512F__
    mask_ = static_cast<uint16_t>((1U << count_) - 1);
#endif
  }

  DHA_OPERATORS_INLINE int64_t count() const { return count_; }

  DHA_OPERATORS_INLINE Vector<T> load(const T* from) const {
#ifdef __AVX512F__
    if constexpr (sizeof(T) == 4)
      return _mm512_maskz_loadu_ps(mask_, from);
    else
      return _mm512_maskz_loadu_pd(static_cast<__mmask8>(mask_), from);
#else
    if (count_ == kWidth<T>) return DHA_OPERATORS_ISA::load(from);
    Vector<T> value{};
    for (int64_t i = 0; i < count_; ++i) value[i] = from[i];
    return value;
#endif
  }

  DHA_OPERATORS_INLINE void store(T* to, Vector<T> value) const {
#ifdef __AVX512F__
    if constexpr (sizeof(T) == 4)
      _mm512_mask_storeu_ps(to, mask_, value);
    else
      _mm512_mask_storeu_pd(to, static_cast<__mmask8>(mask_), value);
#else
    if (count_ == kWidth<T>) return DHA_OPERATORS_ISA::store(to, value);
    for (int64_t i = 0; i < count_; ++i) to[i] = value[i];
#endif
  }

 private:
  int64_t count_;
#ifdef __AVX512F__
  uint16_t mask_;
#endif
};

// As LibTorch's relu: a value that is no number stays one.
template <class T>
DHA_OPERATORS_INLINE Vector<T> rectified(Vector<T> x) {
  const Vector<T> zero{};
  return zero > x ? zero : x;
}

// `gradient` where x is above 0 or no number, else 0.
template <class T>
DHA_OPERATORS_INLINE Vector<T> rectified_gradient(Vector<T> gradient, Vector<T> x) {
  const Vector<T> zero{};
  return x <= zero ? zero : gradient;
}

}  // namespace dha::ops::DHA_OPERATORS_ISA
