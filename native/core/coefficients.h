// The numbers that a step gives to a formula.
#pragma once

namespace adabelief {

/** The first coefficients of every set. Those of the formula follow. */
struct Common {
  float decay;  // coupled weight decay; 0: none
  float alpha;  // of Lookahead
};

constexpr int common_coefficients = sizeof(Common) / sizeof(float);
constexpr int max_coefficients = common_coefficients + 14;

}  // namespace adabelief
