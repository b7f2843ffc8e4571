// EAdam (Yuan and Gao, 2020): Adam whose eps is added to v at every step and kept, as AdaBelief adds its eps to s. With amsgrad,
// eps stays outside of the root. States: m (exp_avg), v (exp_avg_sq), x (max_exp_avg_sq).
#pragma once

#include "moments.h"

namespace adabelief {
namespace ADABELIEF_SET {

struct EAdam {
  static constexpr const char* name = "eadam";

  ADABELIEF_CHOICE(Amsgrad, off, on)
  using Variants = Choices<Amsgrad>;
  static constexpr int states(int variant) { return Variants::of<Amsgrad>(variant) == Amsgrad::on ? 3 : 2; }

  /** `size` is negative, with both bias corrections. */
  struct Own {
    ADABELIEF_FLOATS(eps, size)
  };
  using Coefficients = CoefficientsOf<Betas, Own>;

  template <int variant, class Float>
  static ADABELIEF_INLINE auto update(const Coefficients& c, Float p, Float g, Float& exp_avg, Float& exp_avg_sq,
                                      Float& max_exp_avg_sq) {
    const Float m = exp_avg = mean(c, exp_avg, g);
    const Float v = exp_avg_sq = mean_square(c, exp_avg_sq, g);
    if constexpr (Variants::of<Amsgrad>(variant) == Amsgrad::on) {
      max_exp_avg_sq = maximum(max_exp_avg_sq, v);
      return p + (c.size * m) / (square_root(max_exp_avg_sq) + c.eps);
    } else {
      exp_avg_sq = v + c.eps;
      return p + (c.size * m) / square_root(exp_avg_sq);
    }
  }
};

}  // namespace ADABELIEF_SET
}  // namespace adabelief
