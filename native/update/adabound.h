// AdaBound and AMSBound (Luo et al., ICLR 2019): Adam whose step of every element is kept between two bounds that close in on
// SGD's. States: m (exp_avg), v (exp_avg_sq), x (max_exp_avg_sq).
#pragma once

#include "moments.h"

namespace adabelief {
namespace ADABELIEF_SET {

struct AdaBound {
  static constexpr const char* name = "adabound";

  ADABELIEF_CHOICE(Amsbound, off, on)
  using Variants = Choices<Amsbound>;
  static constexpr int states(int variant) { return Variants::of<Amsbound>(variant) == Amsbound::on ? 3 : 2; }

  /** `size` is lr·√(1 − β2^t) / (1 − β1^t), and is kept from `lower` to `upper`. */
  struct Own {
    ADABELIEF_FLOATS(eps, size, lower, upper)
  };
  using Coefficients = CoefficientsOf<Betas, Own>;

  template <int variant, class Float>
  static ADABELIEF_INLINE Float update(const Coefficients& c, Float p, Float g, Float& exp_avg, Float& exp_avg_sq,
                                       Float& max_exp_avg_sq) {
    const Float m = exp_avg = mean(c, exp_avg, g);
    Float v = exp_avg_sq = mean_square(c, exp_avg_sq, g);
    if (Variants::of<Amsbound>(variant) == Amsbound::on) v = max_exp_avg_sq = maximum(max_exp_avg_sq, v);
    const Float size = c.size / (square_root(v) + c.eps);
    return p - clamp(size, c.lower, c.upper) * m;
  }
};

}  // namespace ADABELIEF_SET
}  // namespace adabelief
