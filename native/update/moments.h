// What the relatives of Adam have in common: two running means, and a step over the root of the second.
#pragma once

#include "arithmetic.h"

namespace adabelief {
namespace ADABELIEF_SET {

struct Betas {
  float beta1, one_minus_beta1;
  float beta2, one_minus_beta2;
};

/** m ← β1·m + (1 − β1)·g */
ADABELIEF_INLINE float mean(const Betas& c, float m, float g) { return fma(g, c.one_minus_beta1, m * c.beta1); }

/** v ← β2·v + (1 − β2)·x² */
ADABELIEF_INLINE float mean_square(const Betas& c, float v, float x) { return fma(c.one_minus_beta2 * x, x, v * c.beta2); }

struct Step {
  float eps;
  float sqrt_bias_correction2;  // √(1 − β2^t)
  float size;                   // negative, with the bias correction of the phase
};

/** p − size·m / (√v/√(1 − β2^t) + eps) */
ADABELIEF_INLINE float corrected_step(const Step& c, float p, float m, float v) {
  return p + (c.size * m) / (divide_by_invariant(square_root(v), c.sqrt_bias_correction2) + c.eps);
}

/** p − size·m / (√v + eps) */
ADABELIEF_INLINE float plain_step(const Step& c, float p, float m, float v) {
  return p + (c.size * m) / (square_root(v) + c.eps);
}

}  // namespace ADABELIEF_SET
}  // namespace adabelief
