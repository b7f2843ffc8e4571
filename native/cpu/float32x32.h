// A Float of 32 floats in two AVX-512 registers: what the formulas of that backend take for one element. Both registers go
// through every operation side by side. A step is a chain of some twenty operations of four cycles or more, so a single register
// would often wait for its own last result.
#pragma once

#include <immintrin.h>
#include <stddef.h>

#include "../update/arithmetic.h"

#define ADABELIEF_WIDE

namespace adabelief {
namespace ADABELIEF_SET {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int registers = 1;  // which halves the time that a sanitizer's build takes
#else
constexpr int registers = 2;
#endif
constexpr size_t width = 16 * registers;
constexpr __mmask16 all = 0xFFFF;

struct Float32x32 {
  Float32x32() = default;
  ADABELIEF_INLINE Float32x32(float value) {
    for (__m512& x : part) x = _mm512_set1_ps(value);
  }
  __m512 part[registers];
};
using Wide = Float32x32;

struct Mask32 {
  __mmask16 part[registers];
};

/** Applies a function of registers to each of them. */
template <class Result = Float32x32, class Function, class... Operand>
ADABELIEF_INLINE Result each(const Function& function, const Operand&... x) {
  Result result;
  for (int k = 0; k < registers; ++k) result.part[k] = function(x.part[k]...);
  return result;
}

ADABELIEF_INLINE Float32x32 operator+(Float32x32 a, Float32x32 b) {
  return each([](__m512 x, __m512 y) { return x + y; }, a, b);
}
ADABELIEF_INLINE Float32x32 operator-(Float32x32 a, Float32x32 b) {
  return each([](__m512 x, __m512 y) { return x - y; }, a, b);
}
ADABELIEF_INLINE Float32x32 operator*(Float32x32 a, Float32x32 b) {
  return each([](__m512 x, __m512 y) { return x * y; }, a, b);
}
ADABELIEF_INLINE Float32x32 operator/(Float32x32 a, Float32x32 b) {
  return each([](__m512 x, __m512 y) { return x / y; }, a, b);
}
ADABELIEF_INLINE Float32x32 operator-(Float32x32 a) {
  return each([](__m512 x) { return -x; }, a);
}
ADABELIEF_INLINE Float32x32 fma(Float32x32 a, Float32x32 b, Float32x32 c) {
  return each([](__m512 x, __m512 y, __m512 z) { return _mm512_fmadd_ps(x, y, z); }, a, b, c);
}

template <int predicate>
ADABELIEF_INLINE Mask32 compare(Float32x32 a, Float32x32 b) {
  return each<Mask32>([](__m512 x, __m512 y) { return _mm512_cmp_ps_mask(x, y, predicate); }, a, b);
}
ADABELIEF_INLINE Mask32 operator<(Float32x32 a, Float32x32 b) { return compare<_CMP_LT_OQ>(a, b); }
ADABELIEF_INLINE Mask32 operator>(Float32x32 a, Float32x32 b) { return compare<_CMP_GT_OQ>(a, b); }
ADABELIEF_INLINE Mask32 operator==(Float32x32 a, Float32x32 b) { return compare<_CMP_EQ_OQ>(a, b); }
ADABELIEF_INLINE Mask32 operator!=(Float32x32 a, Float32x32 b) { return compare<_CMP_NEQ_UQ>(a, b); }
ADABELIEF_INLINE Mask32 operator|(Mask32 a, Mask32 b) {
  return each<Mask32>([](__mmask16 x, __mmask16 y) { return static_cast<__mmask16>(x | y); }, a, b);
}
ADABELIEF_INLINE Float32x32 select(Mask32 condition, Float32x32 a, Float32x32 b) {
  return each([](__mmask16 which, __m512 x, __m512 y) { return _mm512_mask_blend_ps(which, y, x); }, condition, a, b);
}

// Square roots made of multiplications (deferred_step.h): the processor's own keeps its divider busy for longer than the division
// after it does, and multiplications beside that division take less time than both.

/** The first approximations of √x and 1/(2√x), to 14 bits. */
struct Roots {
  Float32x32 root, half;
};

ADABELIEF_INLINE Roots approximate_roots(Float32x32 x) {
  const Float32x32 reciprocal = each([](__m512 y) { return _mm512_maskz_rsqrt14_ps(all, y); }, x);
  return {x * reciprocal, 0.5f * reciprocal};
}

/** Whether `round_root` may be asked: from 2^-100 on, so that no remainder is subnormal, and below infinity. For zero, infinity,
 * NaN and what is negative, x·(1/√x) is NaN. */
ADABELIEF_INLINE bool ordinary(const Roots& roots) {
  __mmask16 so = all;
  for (__m512 root : roots.root.part) so = _mm512_mask_cmp_ps_mask(so, root, _mm512_set1_ps(0x1p-50f), _CMP_GE_OQ);
  return __builtin_expect(so == all, 1);
}

/** √x rounded once: a step of Newton's for both roots at once (Goldschmidt), and a correction by the exact remainder (Markstein).
 */
ADABELIEF_INLINE Float32x32 round_root(Float32x32 x, Roots roots) {
  const Float32x32 rest = fma(-roots.root, roots.half, 0.5f);
  const Float32x32 root = fma(roots.root, rest, roots.root), half = fma(roots.half, rest, roots.half);
  return fma(fma(-root, root, x), half, root);
}

ADABELIEF_INLINE Float32x32 processors_root(Float32x32 x) {
  return each([](__m512 y) { return _mm512_maskz_sqrt_ps(all, y); }, x);
}

/** All 32 floats at a place in memory. */
struct All {
  ADABELIEF_INLINE Float32x32 load(const float* from) const {
    Float32x32 x;
    for (int k = 0; k < registers; ++k) x.part[k] = _mm512_loadu_ps(from + 16 * k);
    return x;
  }
  ADABELIEF_INLINE void store(float* to, Float32x32 x) const {
    for (int k = 0; k < registers; ++k) _mm512_storeu_ps(to + 16 * k, x.part[k]);
  }
};

/** The first few of them, fewer than 32. The others are 1, and their memory is not touched. */
struct First {
  explicit First(size_t count) : those((uint64_t{1} << count) - 1) {}
  ADABELIEF_INLINE __mmask16 mask(int k) const { return static_cast<__mmask16>(those >> 16 * k); }
  ADABELIEF_INLINE Float32x32 load(const float* from) const {
    Float32x32 x = 1;
    for (int k = 0; k < registers; ++k) x.part[k] = _mm512_mask_loadu_ps(x.part[k], mask(k), from + 16 * k);
    return x;
  }
  ADABELIEF_INLINE void store(float* to, Float32x32 x) const {
    for (int k = 0; k < registers; ++k) _mm512_mask_storeu_ps(to + 16 * k, mask(k), x.part[k]);
  }
  uint64_t those;
};

}  // namespace ADABELIEF_SET
}  // namespace adabelief
