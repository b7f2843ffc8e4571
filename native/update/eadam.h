// EAdam (Yuan and Gao, 2020): Adam whose eps is added to v at every step and kept, as AdaBelief adds its eps to s. States: m
// (exp_avg), v (exp_avg_sq).
#pragma once

#include "moments.h"

namespace adabelief {
namespace ADABELIEF_SET {

struct EAdam {
  static constexpr const char* name = "eadam";

  using Variants = Choices<>;
  static constexpr int states(int) { return 2; }

  /** `added` is the eps that v keeps. The `eps` of the denominator is 0. */
  struct Own {
    ADABELIEF_FLOATS(added)
  };
  using Coefficients = CoefficientsOf<Betas, Step, Own>;

  template <int variant, class Float>
  static ADABELIEF_INLINE auto update(const Coefficients& c, Float p, Float g, Float& exp_avg, Float& exp_avg_sq, Float&) {
    const Float m = exp_avg = mean(c, exp_avg, g);
    const Float v = exp_avg_sq = mean_square(c, exp_avg_sq, g) + c.added;
    return corrected_step(c, p, m, v);
  }
};

}  // namespace ADABELIEF_SET
}  // namespace adabelief
