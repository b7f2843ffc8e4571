// How a float32 is kept in fewer bits. Every rounding is written in integers or in one float32 addition, so that all processors
// have the same bits. A NaN is stored as one quiet NaN without a sign.
#pragma once

#include "arithmetic.h"

namespace adabelief {
namespace ADABELIEF_SET {

ADABELIEF_INLINE uint32_t bits_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

ADABELIEF_INLINE float float_of(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/** A float's bits without its sign. From `infinity` on it is none, above it NaN. */
constexpr uint32_t magnitude_mask = 0x7FFFFFFF, infinity = 0x7F800000;
/** As which every NaN is stored. */
constexpr uint32_t quiet_nan = 0x7FC00000;

/** The float of a bfloat16, which is its upper half. Exact. */
ADABELIEF_INLINE float from_bfloat16(uint16_t half) { return float_of(uint32_t{half} << 16); }

/** The nearest bfloat16, ties to even. */
ADABELIEF_INLINE uint16_t to_bfloat16(float x) {
  const uint32_t bits = bits_of(x);
  const uint32_t rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
  return static_cast<uint16_t>((bits & magnitude_mask) > infinity ? quiet_nan >> 16 : rounded);
}

/** The float of a float16: 5 bits of exponent, 10 of mantissa. Exact; a NaN keeps its payload. */
ADABELIEF_INLINE float from_float16(uint16_t half) {
  const uint32_t sign = (half & uint32_t{0x8000}) << 16, rest = (half & uint32_t{0x7FFF}) << 13;
  // The exponent is 112 too small. A product with 2^112 mends it, also where the float16 is subnormal.
  const uint32_t finite = bits_of(float_of(rest) * 0x1p112f);
  return float_of(sign | (rest >= 0x0F800000 ? rest | infinity : finite));
}

/** The nearest float16, ties to even. From 65520 on that is infinity. */
ADABELIEF_INLINE uint16_t to_float16(float x) {
  const uint32_t bits = bits_of(x), magnitude = bits & magnitude_mask;
  // A carry out of the mantissa goes into the exponent, and from there to infinity.
  const uint32_t normal = (magnitude + 0xFFF + (magnitude >> 13 & 1) - (uint32_t{112} << 23)) >> 13;
  // Below 2^-14 a float16 is a multiple of 2^-24, the last bit of floats from 0.5 on: the addition rounds.
  const uint32_t subnormal = bits_of(float_of(magnitude) + 0.5f) - bits_of(0.5f);
  const uint32_t finite = magnitude < 0x38800000 ? subnormal : normal;
  const uint32_t sign = bits >> 16 & 0x8000, large = magnitude > infinity ? 0x7E00 : sign | 0x7C00;
  return static_cast<uint16_t>(magnitude >= 0x47800000 ? large : sign | finite);
}

}  // namespace ADABELIEF_SET
}  // namespace adabelief
