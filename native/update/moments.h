// What the relatives of Adam have in common: two running means, and a step over the root of the second.
#pragma once

#include "arithmetic.h"
#include "declare.h"

namespace adabelief {
namespace ADABELIEF_SET {

struct Betas {
  ADABELIEF_FLOATS(beta1, one_minus_beta1, beta2, one_minus_beta2)
};

/** m ← β1·m + (1 − β1)·g */
template <class Float>
ADABELIEF_INLINE Float mean(const Betas& c, Float m, Float g) {
  return fma(g, c.one_minus_beta1, m * c.beta1);
}

/** v ← β2·v + (1 − β2)·x² */
template <class Float>
ADABELIEF_INLINE Float mean_square(const Betas& c, Float v, Float x) {
  return fma(c.one_minus_beta2 * x, x, v * c.beta2);
}

/** `sqrt_bias_correction2` is √(1 − β2^t); `size` is negative, with the bias correction of the phase. */
struct Step {
  ADABELIEF_FLOATS(eps, sqrt_bias_correction2, size)
};

/** p + size·m / (√v/√(1 − β2^t) + eps) */
template <class Float>
ADABELIEF_INLINE auto corrected_step(const Step& c, Float p, Float m, Float v) {
  return p + (c.size * m) / (root_over_invariant(v, c.sqrt_bias_correction2) + c.eps);
}

/** p + size·m / (√v + eps) */
template <class Float>
ADABELIEF_INLINE auto plain_step(const Step& c, Float p, Float m, Float v) {
  return p + (c.size * m) / (square_root(v) + c.eps);
}

}  // namespace ADABELIEF_SET
}  // namespace adabelief
