// The vectors that a kernel works on: as wide as the instruction set that the file is compiled for.
//
// Files that include this are compiled once for each instruction set, into a namespace of its own (DHA_OPERATORS_ISA).
// They include no header with inline functions of others: the linker keeps one copy of those, which might be the one
// that the machine cannot run.
#pragma once

#include <stdint.h>
#if defined(__AVX512F__) || defined(__AVX2__)
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

// Numbers as wide as the elements, for comparisons with them.
template <class T>
struct IntegerOf;
template <>
struct IntegerOf<float> {
  using Type = int32_t;
};
template <>
struct IntegerOf<double> {
  using Type = int64_t;
};

template <class T>
using Integers = decltype(Vector<T>{} > Vector<T>{});

template <class T>
DHA_OPERATORS_INLINE Integers<T> all(int64_t value) {
  return Integers<T>{} + static_cast<typename IntegerOf<T>::Type>(value);
}

// The first `count` places of a vector, at most all: reads nothing behind them (0 instead) and writes nothing there.
template <class T>
class Lanes {
 public:
  DHA_OPERATORS_INLINE explicit Lanes(int64_t count) : count_(count < kWidth<T> ? count : kWidth<T>) {
#if defined(__AVX512F__)
    mask_ = static_cast<uint16_t>((1U << count_) - 1);
#elif defined(__AVX2__)
    if constexpr (sizeof(T) == 4)
      mask_ =
          _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count_)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    else
      mask_ = _mm256_cmpgt_epi64(_mm256_set1_epi64x(count_), _mm256_setr_epi64x(0, 1, 2, 3));
#endif
  }

  DHA_OPERATORS_INLINE int64_t count() const { return count_; }

  DHA_OPERATORS_INLINE Vector<T> load(const T* from) const {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4)
      return _mm512_maskz_loadu_ps(mask_, from);
    else
      return _mm512_maskz_loadu_pd(static_cast<__mmask8>(mask_), from);
#elif defined(__AVX2__)
    if (count_ == kWidth<T>) return DHA_OPERATORS_ISA::load(from);
    if constexpr (sizeof(T) == 4)
      return _mm256_maskload_ps(from, mask_);
    else
      return _mm256_maskload_pd(from, mask_);
#else
    if (count_ == kWidth<T>) return DHA_OPERATORS_ISA::load(from);
    Vector<T> value{};
    for (int64_t i = 0; i < count_; ++i) value[i] = from[i];
    return value;
#endif
  }

  DHA_OPERATORS_INLINE void store(T* to, Vector<T> value) const {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4)
      _mm512_mask_storeu_ps(to, mask_, value);
    else
      _mm512_mask_storeu_pd(to, static_cast<__mmask8>(mask_), value);
#else
    if (count_ == kWidth<T>) return DHA_OPERATORS_ISA::store(to, value);
    // Halves, because a masked store takes far longer on some processors.
    if constexpr (kWidth<T> == 8) store_low<4>(to, value);
    if constexpr (kWidth<T> >= 4) store_low<2>(to, value);
    store_low<1>(to, value);
#endif
  }

  // Of numbers in [0, 255].
  DHA_OPERATORS_INLINE void store_bytes(uint8_t* to, Integers<T> value) const {
#if defined(__AVX2__) && !defined(__AVX512F__)
    if constexpr (sizeof(T) == 4) {
      const __m256i whole = reinterpret_cast<__m256i>(value);
      const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
      auto bytes = static_cast<uint64_t>(_mm_cvtsi128_si64(_mm_packus_epi16(words, words)));
      if (count_ == kWidth<T>) {
        __builtin_memcpy(to, &bytes, 8);
        return;
      }
      if ((count_ & 4) != 0) {
        __builtin_memcpy(to, &bytes, 4);
        to += 4;
        bytes >>= 32;
      }
      for (int64_t i = 0; i < (count_ & 3); ++i, bytes >>= 8) to[i] = static_cast<uint8_t>(bytes);
      return;
    }
#endif
    for (int64_t i = 0; i < count_; ++i) to[i] = static_cast<uint8_t>(value[i]);
  }

  // 0 behind the first `count`.
  DHA_OPERATORS_INLINE Integers<T> load_bytes(const uint8_t* from) const {
#if defined(__AVX2__) && !defined(__AVX512F__)
    if constexpr (sizeof(T) == 4) {
      uint64_t bytes = 0;
      if (count_ == kWidth<T>)
        __builtin_memcpy(&bytes, from, 8);
      else if ((count_ & 4) != 0)
        __builtin_memcpy(&bytes, from, 4);
      for (int64_t i = count_ & ~int64_t{3}; i < count_; ++i) bytes |= uint64_t{from[i]} << 8 * i;
      return reinterpret_cast<Integers<T>>(_mm256_cvtepu8_epi32(_mm_cvtsi64_si128(static_cast<int64_t>(bytes))));
    }
#endif
    Integers<T> value{};
    for (int64_t i = 0; i < count_; ++i) value[i] = from[i];
    return value;
  }

 private:
  // Stores the next kPart places, the lowest of `value`, where the count has them, and moves on.
  template <int64_t kPart>
  DHA_OPERATORS_INLINE void store_low(T*& to, Vector<T>& value) const {
    if ((count_ & kPart) == 0) return;
    __builtin_memcpy(to, &value, kPart * sizeof(T));
    to += kPart;
    for (int64_t i = 0; i + kPart < kWidth<T>; ++i) value[i] = value[i + kPart];
  }

  int64_t count_;
#if defined(__AVX512F__)
  uint16_t mask_;
#elif defined(__AVX2__)
  __m256i mask_;
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
