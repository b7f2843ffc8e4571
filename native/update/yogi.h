// Yogi (Zaheer et al., NeurIPS 2018): v moves towards g² by at most (1 − β2)·g². States: m (exp_avg), v (exp_avg_sq), which both
// begin at a small number and not at 0.
#pragma once

#include "moments.h"

namespace adabelief {
namespace ADABELIEF_SET {

struct Yogi {
  static constexpr const char* name = "yogi";

  ADABELIEF_CHOICE(Phase, later, first)
  using Variants = Choices<Phase>;
  static constexpr int states(int) { return 2; }

  /** `initial` is the value at which both means begin. */
  struct Own {
    ADABELIEF_FLOATS(initial)
  };
  using Coefficients = CoefficientsOf<Own, Betas, Step>;

  template <int variant, class Float>
  static ADABELIEF_INLINE auto update(const Coefficients& c, Float p, Float g, Float& exp_avg, Float& exp_avg_sq, Float&) {
    constexpr bool first = Variants::of<Phase>(variant) == Phase::first;
    const Float m = exp_avg = mean(c, first ? Float(c.initial) : exp_avg, g);
    const Float old = first ? Float(c.initial) : exp_avg_sq;
    const Float square = g * g;
    const Float v = exp_avg_sq = fma(-c.one_minus_beta2 * sign(old - square), square, old);
    return corrected_step(c, p, m, v);
  }
};

}  // namespace ADABELIEF_SET
}  // namespace adabelief
