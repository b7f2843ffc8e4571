// What a formula of Wide ends with, p + a / (√x / c + eps), begun and not yet computed: of the root there is an approximation,
// and the rest is computed when somebody takes it for a Wide, which may be while the next elements are under way (sweep.h).
#pragma once

#include "wide.h"

namespace adabelief {
namespace ADABELIEF_SET {

/** √x */
struct LateRoot {
  ADABELIEF_INLINE operator Wide() const { return ordinary(roots) ? round_root(x, roots) : processors_root(x); }
  Wide x;
  Roots roots;
};

/** √x / c */
struct LateRootOverInvariant {
  ADABELIEF_INLINE operator Wide() const {
    return ordinary(roots) ? divide_finite_by_invariant(round_root(x, roots), c, reciprocal) : processors_root(x) / c;
  }
  Wide x;
  Roots roots;
  Wide c, reciprocal;
};

template <class Late>
struct LateDenominator {
  ADABELIEF_INLINE operator Wide() const { return Wide(root) + addend; }
  Late root;
  Wide addend;
};

template <class Late>
struct LateQuotient {
  ADABELIEF_INLINE operator Wide() const { return numerator / Wide(denominator); }
  Wide numerator;
  LateDenominator<Late> denominator;
};

template <class Late>
struct LateSum {
  ADABELIEF_INLINE operator Wide() const { return p + Wide(quotient); }
  Wide p;
  LateQuotient<Late> quotient;
};

ADABELIEF_INLINE LateRoot square_root(Wide x) { return {x, approximate_roots(x)}; }
ADABELIEF_INLINE LateRootOverInvariant root_over_invariant(Wide x, float c) { return {x, approximate_roots(x), c, 1.0f / c}; }
ADABELIEF_INLINE LateDenominator<LateRoot> operator+(const LateRoot& root, float eps) { return {root, eps}; }
ADABELIEF_INLINE LateDenominator<LateRootOverInvariant> operator+(const LateRootOverInvariant& root, float eps) {
  return {root, eps};
}
template <class Late>
ADABELIEF_INLINE LateQuotient<Late> operator/(Wide numerator, const LateDenominator<Late>& denominator) {
  return {numerator, denominator};
}
template <class Late>
ADABELIEF_INLINE LateSum<Late> operator+(Wide p, const LateQuotient<Late>& quotient) {
  return {p, quotient};
}

}  // namespace ADABELIEF_SET
}  // namespace adabelief
