// Adam (Kingma and Ba, ICLR 2015) with AMSGrad (Reddi et al., ICLR 2018), and AdamW (Loshchilov and Hutter, ICLR 2019), which
// decays p itself. States: m (exp_avg), v (exp_avg_sq), x (max_exp_avg_sq).
#pragma once

#include "moments.h"

namespace adabelief {
namespace ADABELIEF_SET {

struct Adam {
  static constexpr const char* name = "adam";

  static constexpr int variants = 4;
  static constexpr bool decoupled(int variant) { return variant % 2; }
  static constexpr bool amsgrad(int variant) { return variant / 2; }
  static constexpr int states(int variant) { return amsgrad(variant) ? 3 : 2; }

  struct Coefficients {
    float decay;  // 1 − lr·weight_decay
    Betas betas;
    Step step;
  };

  template <int variant, class Float>
  static ADABELIEF_INLINE auto update(const Coefficients& c, Float p, Float g, Float& exp_avg, Float& exp_avg_sq,
                                      Float& max_exp_avg_sq) {
    if (decoupled(variant)) p = p * c.decay;
    const Float m = exp_avg = mean(c.betas, exp_avg, g);
    Float v = exp_avg_sq = mean_square(c.betas, exp_avg_sq, g);
    if (amsgrad(variant)) v = max_exp_avg_sq = maximum(max_exp_avg_sq, v);
    return corrected_step(c.step, p, m, v);
  }
};

}  // namespace ADABELIEF_SET
}  // namespace adabelief
