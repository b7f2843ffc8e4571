// Adam (Kingma and Ba, ICLR 2015) with AMSGrad (Reddi et al., ICLR 2018), and AdamW (Loshchilov and Hutter, ICLR 2019), which
// decays p itself. States: m (exp_avg), v (exp_avg_sq), x (max_exp_avg_sq).
#pragma once

#include "moments.h"

namespace adabelief {
namespace ADABELIEF_SET {

struct Adam {
  static constexpr const char* name = "adam";

  ADABELIEF_CHOICE(Decay, none, decoupled)
  ADABELIEF_CHOICE(Amsgrad, off, on)
  using Variants = Choices<Decay, Amsgrad>;
  static constexpr int states(int variant) { return Variants::of<Amsgrad>(variant) == Amsgrad::on ? 3 : 2; }

  /** `decay` is 1 − lr·weight_decay. */
  struct Own {
    ADABELIEF_FLOATS(decay)
  };
  using Coefficients = CoefficientsOf<Own, Betas, Step>;

  template <int variant, class Float>
  static ADABELIEF_INLINE auto update(const Coefficients& c, Float p, Float g, Float& exp_avg, Float& exp_avg_sq,
                                      Float& max_exp_avg_sq) {
    if (Variants::of<Decay>(variant) == Decay::decoupled) p = p * c.decay;
    const Float m = exp_avg = mean(c, exp_avg, g);
    Float v = exp_avg_sq = mean_square(c, exp_avg_sq, g);
    if (Variants::of<Amsgrad>(variant) == Amsgrad::on) v = max_exp_avg_sq = maximum(max_exp_avg_sq, v);
    return corrected_step(c, p, m, v);
  }
};

}  // namespace ADABELIEF_SET
}  // namespace adabelief
