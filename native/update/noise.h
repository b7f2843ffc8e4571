// Stochastic rounding: the last bits are lost to a random one of two neighbours, so that the mean is right. A running mean that
// is rounded to nearest stands still where a step changes it by less than half a unit; one that is rounded stochastically does
// not. native/core/noise.h has the keys.
//
// A Word is a uint32_t or, in a backend with such a type, many of them.
#pragma once

#include "storage.h"

namespace adabelief {
namespace ADABELIEF_SET {

/** A hash of 32 bits without a visible pattern (lowbias32 of Chris Wellons). */
template <class Word>
ADABELIEF_INLINE Word hashed(Word x) {
  x = (x ^ (x >> 16)) * 0x7FEB352D;
  x = (x ^ (x >> 15)) * 0x846CA68B;
  return x ^ (x >> 16);
}

/** The 16 random bits that round state `k` of an element, out of its hash. */
template <class Word>
ADABELIEF_INLINE Word noise_of_state(int k, Word hash) {
  return k == 0 ? hash & 0xFFFF : (k == 1 ? hash : hashed(hash ^ 0x9E3779B9)) >> 16;
}

/** One of the two bfloat16 around x; x itself where it is one. The part of x above the lower one is the probability of the upper
 * one: `noise` is from 0 to 65535. */
ADABELIEF_INLINE uint16_t to_bfloat16(float x, uint32_t noise) {
  const uint32_t number = x != x ? quiet_nan : bits_of(x);
  return static_cast<uint16_t>((number + noise) >> 16);
}

}  // namespace ADABELIEF_SET
}  // namespace adabelief
