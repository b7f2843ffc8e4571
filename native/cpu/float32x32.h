// A Float of 32 floats in two AVX-512 registers: what the formulas of that backend take for one element. Both registers go
// through every operation side by side. A step is a chain of some twenty operations of four cycles or more, so a single register
// would often wait for its own last result.
#pragma once

#include <immintrin.h>
#include <stddef.h>

#include "../update/storage.h"

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

/** As many words of 32 bits. */
struct Words32 {
  Words32() = default;
  ADABELIEF_INLINE Words32(uint32_t value) {
    for (__m512i& x : part) x = _mm512_set1_epi32(static_cast<int>(value));
  }
  __m512i part[registers];
};
using Words = Words32;

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

ADABELIEF_INLINE Words32 operator^(Words32 a, Words32 b) {
  return each<Words32>([](__m512i x, __m512i y) { return _mm512_xor_si512(x, y); }, a, b);
}
ADABELIEF_INLINE Words32 operator&(Words32 a, Words32 b) {
  return each<Words32>([](__m512i x, __m512i y) { return _mm512_and_si512(x, y); }, a, b);
}
ADABELIEF_INLINE Words32 operator*(Words32 a, Words32 b) {
  return each<Words32>([](__m512i x, __m512i y) { return _mm512_mullo_epi32(x, y); }, a, b);
}
ADABELIEF_INLINE Words32 operator>>(Words32 a, unsigned count) {
  return each<Words32>([count](__m512i x) { return _mm512_maskz_srli_epi32(all, x, count); }, a);
}

/** first, first + step, first + 2·step, … in one register; after `period` of them from the beginning. */
ADABELIEF_INLINE __m512i counted(int first, int step, int period = 16) {
  const auto at = [=](int k) { return first + k % period * step; };
  return _mm512_setr_epi32(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7), at(8), at(9), at(10), at(11), at(12), at(13),
                           at(14), at(15));
}

/** first, first + 1, first + 2, … */
ADABELIEF_INLINE Words32 numbers_from(uint32_t first) {
  Words32 numbers = first;
  for (int k = 0; k < registers; ++k) numbers.part[k] = _mm512_add_epi32(numbers.part[k], counted(16 * k, 1));
  return numbers;
}

/** Whether any a or b is NaN. */
ADABELIEF_INLINE bool any_nan(Float32x32 a, Float32x32 b) {
  __mmask16 any = 0;
  for (__mmask16 nan : compare<_CMP_UNORD_Q>(a, b).part) any = static_cast<__mmask16>(any | nan);
  return __builtin_expect(any != 0, 0);
}

// Halves to floats and back: their 16 bits are the upper ones of a word. The permutation of words takes one instruction for each
// register of floats, where a conversion and a shift take two.

/** The floats of as many bfloat16. */
ADABELIEF_INLINE Float32x32 widened(__m512i halves) {
  Float32x32 x;
  for (int k = 0; k < registers; ++k) {
    const __m512i places = counted((16 * k) << 16, 1 << 16);
    x.part[k] = _mm512_castsi512_ps(_mm512_maskz_permutexvar_epi16(0xAAAAAAAA, places, halves));
  }
  return x;
}

/** The bfloat16 of floats that are no NaN, rounded as in native/update/noise.h. */
ADABELIEF_INLINE __m512i narrowed(Float32x32 x, Words32 noise) {
  const __m512i places = counted(0x00030001, 0x00040004, 8);  // of the upper half of each word: 1, 3, 5, …, 31
  const auto rounded = [&](int k) { return _mm512_add_epi32(_mm512_castps_si512(x.part[k]), noise.part[k]); };
  __m512i halves = _mm512_maskz_permutexvar_epi16(~__mmask32{0}, places, rounded(0));
  if constexpr (registers == 2) halves = _mm512_mask_permutexvar_epi16(halves, 0xFFFF0000, places, rounded(1));
  return halves;
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

/** The first few floats at a place in memory, at most 32. The others are 1, and their memory is not touched. */
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
  ADABELIEF_INLINE Float32x32 load_bfloat16(const uint16_t* from) const {
    const __m512i halves = _mm512_mask_loadu_epi16(_mm512_set1_epi16(0x3F80), static_cast<__mmask32>(those), from);
    return widened(halves);
  }
  ADABELIEF_INLINE void store_bfloat16(uint16_t* to, Float32x32 x, Words32 noise) const {
    _mm512_mask_storeu_epi16(to, static_cast<__mmask32>(those), narrowed(x, noise));
  }
  uint64_t those;
};

/** All 32 of them. */
struct All {
  ADABELIEF_INLINE Float32x32 load(const float* from) const {
    Float32x32 x;
    for (int k = 0; k < registers; ++k) x.part[k] = _mm512_loadu_ps(from + 16 * k);
    return x;
  }
  ADABELIEF_INLINE void store(float* to, Float32x32 x) const {
    for (int k = 0; k < registers; ++k) _mm512_storeu_ps(to + 16 * k, x.part[k]);
  }
  ADABELIEF_INLINE Float32x32 load_bfloat16(const uint16_t* from) const {
    if constexpr (registers == 2) return widened(_mm512_loadu_si512(from));
    return First(width).load_bfloat16(from);
  }
  ADABELIEF_INLINE void store_bfloat16(uint16_t* to, Float32x32 x, Words32 noise) const {
    if constexpr (registers == 2) return _mm512_storeu_si512(to, narrowed(x, noise));
    First(width).store_bfloat16(to, x, noise);
  }
};

}  // namespace ADABELIEF_SET
}  // namespace adabelief
