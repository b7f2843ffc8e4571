// Yogi (Zaheer et al., NeurIPS 2018): v moves towards g² by at most (1 − β2)·g². States: m (exp_avg), v (exp_avg_sq), which both
// begin at a small number and not at 0.
#pragma once

#include "moments.h"

namespace adabelief {
namespace ADABELIEF_SET {

struct Yogi {
  static constexpr const char* name = "yogi";

  static constexpr int variants = 2;
  static constexpr bool first(int variant) { return variant == 1; }
  static constexpr int states(int) { return 2; }

  struct Coefficients {
    float initial;
    Betas betas;
    Step step;
  };

  template <int variant, class Float>
  static ADABELIEF_INLINE auto update(const Coefficients& c, Float p, Float g, Float& exp_avg, Float& exp_avg_sq, Float&) {
    const Float m = exp_avg = mean(c.betas, first(variant) ? Float(c.initial) : exp_avg, g);
    const Float old = first(variant) ? Float(c.initial) : exp_avg_sq;
    const Float square = g * g;
    const Float v = exp_avg_sq = fma(-c.betas.one_minus_beta2 * sign(old - square), square, old);
    return corrected_step(c.step, p, m, v);
  }
};

}  // namespace ADABELIEF_SET
}  // namespace adabelief
