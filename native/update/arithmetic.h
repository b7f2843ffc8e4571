// The float32 operations that every formula is made of. Each rounds exactly once, to nearest, ties to even,
// and none may be contracted with another (-ffp-contract=off, nvcc -fmad=false): that is what keeps the bits equal everywhere.
//
// A Float is one float or, in a backend with such a type (native/cpu/float32x32.h), many of them. A formula of those may return a
// step that is not computed yet (native/cpu/deferred_step.h), hence `auto`.
//
// Every object that includes this is compiled for one instruction set, and ADABELIEF_SET names a namespace for it:
// an inline function shared by two of them would be merged by the linker, and older processors would run the newer copy.
#pragma once

#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__CUDACC__)
#define ADABELIEF_INLINE __host__ __device__ __forceinline__
#define ADABELIEF_LANES _Pragma("unroll")
#else
#define ADABELIEF_INLINE __attribute__((always_inline)) inline
#define ADABELIEF_LANES _Pragma("omp simd")  // before a loop whose turns do not depend on each other
#endif

namespace adabelief {
namespace ADABELIEF_SET {

#if defined(__CUDA_ARCH__)

ADABELIEF_INLINE float fma(float a, float b, float c) { return __fmaf_rn(a, b, c); }
ADABELIEF_INLINE float square_root(float x) { return __fsqrt_rn(x); }
ADABELIEF_INLINE double square_root(double x) { return __dsqrt_rn(x); }

#else

ADABELIEF_INLINE float square_root(float x) { return ::sqrtf(x); }
ADABELIEF_INLINE double square_root(double x) { return ::sqrt(x); }

#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
#define ADABELIEF_FAST_FMA

ADABELIEF_INLINE float fma(float a, float b, float c) { return ::fmaf(a, b, c); }

#else

/** a·b + c rounded once, without the instruction (libm's own substitute is twenty times slower).
 *  The product of two floats is exact in double. The sum is rounded to odd, and rounding that to float equals rounding the true
 * sum: where the sum is inexact, it is first cut towards zero (one less, if the error points inwards), then its last bit is set.
 */
ADABELIEF_INLINE float fma(float a, float b, float c) {
  const double product = static_cast<double>(a) * static_cast<double>(b);
  const double addend = c;
  const double sum = product + addend;
  const double part = sum - product;
  const double error = (product - (sum - part)) + (addend - part);
  uint64_t bits, error_bits;
  memcpy(&bits, &sum, sizeof bits);
  memcpy(&error_bits, &error, sizeof error_bits);
  const uint64_t finite = 1 ^ ((bits >> 52 & 0x7FF) + 1) >> 11;
  const uint64_t magnitude = error_bits << 1;
  const uint64_t inexact = (magnitude | (0 - magnitude)) >> 63 & finite;
  bits -= inexact & (bits ^ error_bits) >> 63;
  bits |= inexact;
  double odd;
  memcpy(&odd, &bits, sizeof odd);
  return static_cast<float>(odd);
}

#endif
#endif

ADABELIEF_INLINE float select(bool condition, float a, float b) { return condition ? a : b; }

/** x / c rounded once, as a product and its correction (Markstein): the bits of a division at a third of its cost. x is a
 * finite square root (0, or from 1e-23 to 2e19), so that remainder and quotient stay in the range of normal floats. c is in
 * [1e-10, 1] and the same for every element, and so is `reciprocal`, 1 / c rounded. */
template <class Float>
ADABELIEF_INLINE Float divide_finite_by_invariant(Float x, Float c, Float reciprocal) {
  const Float quotient = x * reciprocal;
  return fma(fma(-quotient, c, x), reciprocal, quotient);
}

/** √x / c, each rounded once, for such a c. */
ADABELIEF_INLINE float root_over_invariant(float x, float c) {
  const float root = square_root(x);
#if defined(ADABELIEF_FAST_FMA)
  return select(root == HUGE_VALF, root, divide_finite_by_invariant(root, c, 1.0f / c));  // the remainder of infinity is NaN
#else
  return root / c;
#endif
}

/** 1, 0 or −1; 0 for NaN. */
template <class Float>
ADABELIEF_INLINE Float sign(Float x) {
  return select(x > 0, 1, 0) - select(x < 0, 1, 0);
}

/** x, kept from lower to upper; NaN stays. */
template <class Float>
ADABELIEF_INLINE Float clamp(Float x, float lower, float upper) {
  x = select(x < lower, lower, x);
  return select(x > upper, upper, x);
}

/** The larger of a and b, or NaN where either is one (the x86 instruction would drop a NaN in a). */
template <class Float>
ADABELIEF_INLINE Float maximum(Float a, Float b) {
  return select((a > b) | (a != a), a, b);
}

}  // namespace ADABELIEF_SET
}  // namespace adabelief
