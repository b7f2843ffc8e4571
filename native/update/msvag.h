// M-SVAG (Balles and Hennig, ICML 2018): momentum whose every element is scaled by how certain it is. Both running means have
// β1. States: m (exp_avg), v (exp_avg_sq).
#pragma once

#include "moments.h"

namespace adabelief {
namespace ADABELIEF_SET {

struct Msvag {
  static constexpr const char* name = "msvag";

  using Variants = Choices<>;
  static constexpr int states(int) { return 2; }

  /** ρ = (1 − β1)(1 + β1^t) / ((1 + β1)(1 − β1^t)), by which averaging reduces the variance of m; `size` is −lr. Both betas are
   * β1. */
  struct Own {
    ADABELIEF_FLOATS(bias_correction1, bias_correction2, rho, one_minus_rho, size)
  };
  using Coefficients = CoefficientsOf<Betas, Own>;

  template <int variant, class Float>
  static ADABELIEF_INLINE Float update(const Coefficients& c, Float p, Float g, Float& exp_avg, Float& exp_avg_sq, Float&) {
    exp_avg = mean(c, exp_avg, g);
    exp_avg_sq = mean_square(c, exp_avg_sq, g);
    const Float m = exp_avg / c.bias_correction1;
    const Float v = exp_avg_sq / c.bias_correction2;
    const Float square = m * m;
    const Float variance = (v - square) / c.one_minus_rho;  // one_minus_rho is 0 in the first step
    const Float gamma = square / (square + c.rho * variance);
    return p + (c.size * m) * select(gamma == gamma, gamma, 0);
  }
};

}  // namespace ADABELIEF_SET
}  // namespace adabelief
