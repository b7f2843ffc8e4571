// The order in which elements are added up, the same everywhere: sixteen partial sums in double, the elements dealt out to them
// in turn, then added up in pairs.
#pragma once

#include <stddef.h>

#include "arithmetic.h"

namespace adabelief {
namespace ADABELIEF_SET {

/** Adds the second half of twice `half` sums to the first. */
template <int half, int lanes>
ADABELIEF_INLINE void fold(double (&sums)[lanes]) {
  ADABELIEF_LANES
  for (int k = 0; k < half; ++k) sums[k] += sums[k + half];
}

/** Σ value(i) for i below length. */
template <class Value>
ADABELIEF_INLINE double summed(size_t length, const Value& value) {
  constexpr int lanes = 16;
  double sums[lanes] = {};
  size_t i = 0;
  for (; i + lanes <= length; i += lanes) {
    ADABELIEF_LANES
    for (int k = 0; k < lanes; ++k) sums[k] += static_cast<double>(value(i + static_cast<size_t>(k)));
  }
  ADABELIEF_LANES
  for (int k = 0; k < lanes; ++k) {
    if (i + static_cast<size_t>(k) < length) sums[k] += static_cast<double>(value(i + static_cast<size_t>(k)));
  }
  fold<8>(sums);
  fold<4>(sums);
  fold<2>(sums);
  fold<1>(sums);
  return sums[0];
}

/** x², exact in double: 24 bits by 24 bits. */
ADABELIEF_INLINE double squared(float x) { return static_cast<double>(x) * static_cast<double>(x); }

}  // namespace ADABELIEF_SET
}  // namespace adabelief
