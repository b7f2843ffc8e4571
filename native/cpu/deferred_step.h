// The end of a step, p + a / (√x / c + eps), lazily evaluated: the approximation of the root is computed at once, the rest on
// conversion to Float32x32. The update loop (update_loop.h) begins the next elements in between.
#pragma once

#include "float32x32.h"

namespace adabelief {
namespace ADABELIEF_SET {

/** √x */
struct DeferredRoot {
  ADABELIEF_INLINE operator Float32x32() const { return ordinary(roots) ? round_root(x, roots) : processors_root(x); }
  Float32x32 x;
  Roots roots;
};

/** √x / c */
struct DeferredRootOverInvariant {
  ADABELIEF_INLINE operator Float32x32() const {
    return ordinary(roots) ? divide_finite_by_invariant(round_root(x, roots), c, reciprocal) : processors_root(x) / c;
  }
  Float32x32 x;
  Roots roots;
  Float32x32 c, reciprocal;
};

template <class Root>
struct DeferredDenominator {
  ADABELIEF_INLINE operator Float32x32() const { return Float32x32(root) + addend; }
  Root root;
  Float32x32 addend;
};

template <class Root>
struct DeferredQuotient {
  ADABELIEF_INLINE operator Float32x32() const { return numerator / Float32x32(denominator); }
  Float32x32 numerator;
  DeferredDenominator<Root> denominator;
};

template <class Root>
struct DeferredSum {
  ADABELIEF_INLINE operator Float32x32() const { return p + Float32x32(quotient); }
  Float32x32 p;
  DeferredQuotient<Root> quotient;
};

ADABELIEF_INLINE DeferredRoot square_root(Float32x32 x) { return {x, approximate_roots(x)}; }
ADABELIEF_INLINE DeferredRootOverInvariant root_over_invariant(Float32x32 x, float c) {
  return {x, approximate_roots(x), c, 1.0f / c};
}
ADABELIEF_INLINE DeferredDenominator<DeferredRoot> operator+(const DeferredRoot& root, float eps) { return {root, eps}; }
ADABELIEF_INLINE DeferredDenominator<DeferredRootOverInvariant> operator+(const DeferredRootOverInvariant& root, float eps) {
  return {root, eps};
}
template <class Root>
ADABELIEF_INLINE DeferredQuotient<Root> operator/(Float32x32 numerator, const DeferredDenominator<Root>& denominator) {
  return {numerator, denominator};
}
template <class Root>
ADABELIEF_INLINE DeferredSum<Root> operator+(Float32x32 p, const DeferredQuotient<Root>& quotient) {
  return {p, quotient};
}

}  // namespace ADABELIEF_SET
}  // namespace adabelief
