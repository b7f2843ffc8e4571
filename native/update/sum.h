// The order in which elements are added up, the same everywhere: sixteen partial sums in double, the elements dealt out to them
// in turn, then added up in pairs.
#pragma once

#include <stddef.h>

#include "arithmetic.h"

namespace adabelief {
namespace ADABELIEF_SET {

/** How many partial sums there are. */
constexpr size_t sum_lanes = 16;

/** Adds the second half of twice `half` sums to the first. */
template <int half, size_t lanes>
ADABELIEF_INLINE void fold(double (&sums)[lanes]) {
  ADABELIEF_LANES
  for (int k = 0; k < half; ++k) sums[k] += sums[k + half];
}

/** The sum of all partial sums. */
ADABELIEF_INLINE double folded(double (&sums)[sum_lanes]) {
  fold<8>(sums);
  fold<4>(sums);
  fold<2>(sums);
  fold<1>(sums);
  return sums[0];
}

struct Nothing {
  ADABELIEF_INLINE void operator()(size_t) const {}
};

/** The sum over all i below length: add(sum, i) is sum with the i-th element added. `before(i)` is called for every sixteenth i
 * before that is added, and for several of them at a time: between additions it could move the sums from registers to memory. */
template <class Add, class Before = Nothing>
ADABELIEF_INLINE double summed(size_t length, const Add& add, const Before& before = {}) {
  constexpr size_t lanes = sum_lanes, turn = 16 * lanes;
  double sums[lanes] = {};
  size_t i = 0;
  while (i + lanes <= length) {
    const size_t end = length - i < turn ? length : i + turn;
    for (size_t k = i; k < end; k += lanes) before(k);
    for (; i + lanes <= end; i += lanes) {
      ADABELIEF_LANES
      for (size_t k = 0; k < lanes; ++k) sums[k] = add(sums[k], i + k);
    }
  }
  if (i < length) {
    ADABELIEF_LANES
    for (size_t k = 0; k < lanes; ++k) {
      if (i + k < length) sums[k] = add(sums[k], i + k);
    }
  }
  return folded(sums);
}

ADABELIEF_INLINE double plus(double sum, float x) { return sum + static_cast<double>(x); }

/** sum + x². The product is exact in double, 24 bits by 24: whether it is fused with the sum changes no bit. */
ADABELIEF_INLINE double plus_square(double sum, float x) {
  const double value = x;
#if defined(__CUDA_ARCH__)
  return __fma_rn(value, value, sum);
#elif defined(ADABELIEF_FAST_FMA)
  return ::fma(value, value, sum);
#else
  return sum + value * value;
#endif
}

}  // namespace ADABELIEF_SET
}  // namespace adabelief
