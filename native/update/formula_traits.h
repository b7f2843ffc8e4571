// What only some formulas have, found by asking them.
#pragma once

#include "arithmetic.h"

namespace adabelief {
namespace ADABELIEF_SET {

/** The variant that completes another one once the means of its directions are known, or −1. */
template <class F, int variant>
constexpr auto following(int) -> decltype(F::following(variant)) {
  return F::following(variant);
}
template <class, int>
constexpr int following(long) {
  return -1;
}

/** Whether a formula's coefficients are completed with a tensor's norms. */
template <class F, class = decltype(&F::with_norms)>
constexpr bool needs_norms(int) {
  return true;
}
template <class>
constexpr bool needs_norms(long) {
  return false;
}

/** The coefficients as a formula reads them, out of a row of floats. */
template <class F>
ADABELIEF_INLINE typename F::Coefficients coefficients_of(const float* coefficients) {
  typename F::Coefficients c;
  memcpy(&c, coefficients, sizeof c);
  return c;
}

}  // namespace ADABELIEF_SET
}  // namespace adabelief
