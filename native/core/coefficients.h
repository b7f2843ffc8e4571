// The numbers that a step gives to a formula.
#pragma once

#include "../update/declare.h"

namespace adabelief {

/** The first coefficients of every set. Those of the formula follow. */
struct Common {
  // The coupled weight decay, or 0; Lookahead's alpha; 1 to maximize the objective, else 0; 1 − decay of the moving average.
  ADABELIEF_FLOATS(decay, alpha, maximize, ema_weight)

  /** The sign of the gradients. */
  constexpr float sign() const { return maximize != 0 ? -1.0f : 1.0f; }
};

constexpr int common_coefficients = sizeof(Common) / sizeof(float);
constexpr int max_coefficients = common_coefficients + 14;

}  // namespace adabelief
