// AdaBound and AMSBound (Luo et al., ICLR 2019): Adam whose step of every element is kept between two bounds that close in on
// SGD's. States: m (exp_avg), v (exp_avg_sq), x (max_exp_avg_sq).
#pragma once

#include "moments.h"

namespace adabelief {
namespace ADABELIEF_SET {

struct AdaBound {
  static constexpr const char* name = "adabound";

  static constexpr int variants = 2;
  static constexpr bool amsbound(int variant) { return variant == 1; }
  static constexpr int states(int variant) { return amsbound(variant) ? 3 : 2; }

  struct Coefficients {
    Betas betas;
    float eps;
    float step_size;  // lr·√(1 − β2^t) / (1 − β1^t)
    float lower, upper;
  };

  template <int variant, class Float>
  static ADABELIEF_INLINE Float update(const Coefficients& c, Float p, Float g, Float& exp_avg, Float& exp_avg_sq,
                                       Float& max_exp_avg_sq) {
    const Float m = exp_avg = mean(c.betas, exp_avg, g);
    Float v = exp_avg_sq = mean_square(c.betas, exp_avg_sq, g);
    if (amsbound(variant)) v = max_exp_avg_sq = maximum(max_exp_avg_sq, v);
    const Float size = c.step_size / (square_root(v) + c.eps);
    return p - clamp(size, c.lower, c.upper) * m;
  }
};

}  // namespace ADABELIEF_SET
}  // namespace adabelief
