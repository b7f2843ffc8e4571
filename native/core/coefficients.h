// The numbers that a step gives to a formula.
#pragma once

#include "../update/declare.h"

namespace adabelief {

/** The first coefficients of every set. Those of the formula follow. */
struct Common {
  ADABELIEF_FLOATS(decay, alpha)  // the coupled weight decay, or 0; Lookahead's alpha
};

constexpr int common_coefficients = sizeof(Common) / sizeof(float);
constexpr int max_coefficients = common_coefficients + 14;

}  // namespace adabelief
