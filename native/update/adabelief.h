// AdaBelief (Zhuang et al., NeurIPS 2020), in the roundings of PyTorch's CPU kernels.
//
//   symbol   here                    TypeScript                PyTorch key
//   p        p                       data                      -
//   g        g                       grad                      -
//   m        exp_avg                 exp_avg                   exp_avg
//   s        exp_avg_var             exp_avg_var               exp_avg_var
//   x        max_exp_avg_var         max_exp_avg_var           max_exp_avg_var
//
// Anything constant during a step is a choice of the variant, so that no element pays for an option that its group does not use.
#pragma once

#include "moments.h"

namespace adabelief {
namespace ADABELIEF_SET {

struct AdaBelief {
  static constexpr const char* name = "adabelief";

  ADABELIEF_CHOICE(Decay, none, decoupled)
  ADABELIEF_CHOICE(Amsgrad, off, eps_in_maximum, eps_in_variance)  // off; as 0.0.5 has it; as 0.2.1 has it
  ADABELIEF_CHOICE(Phase, plain, rectified, momentum, frozen)      // 0.0.5 rectifies in the plain phase
  using Variants = Choices<Decay, Amsgrad, Phase>;

  /** How many state arrays a variant reads and writes. */
  static constexpr int states(int variant) { return Variants::of<Amsgrad>(variant) == Amsgrad::off ? 2 : 3; }

  /** `decay` is 1 − lr·weight_decay, or 1 − weight_decay with a fixed decay. */
  struct Own {
    ADABELIEF_FLOATS(decay)
  };
  using Coefficients = CoefficientsOf<Own, Betas, Step>;

  /** One element: returns the new p, updates its moments. */
  template <int variant, class Float>
  static ADABELIEF_INLINE auto update(const Coefficients& c, Float p, Float g, Float& exp_avg, Float& exp_avg_var,
                                      Float& max_exp_avg_var) {
    constexpr auto amsgrad = Variants::of<Amsgrad>(variant);
    constexpr auto phase = Variants::of<Phase>(variant);
    if (Variants::of<Decay>(variant) == Decay::decoupled) p = p * c.decay;

    const Float m = exp_avg = mean(c, exp_avg, g);
    Float s = mean_square(c, exp_avg_var, g - m);
    if (amsgrad != Amsgrad::eps_in_maximum) s = s + c.eps;
    exp_avg_var = s;

    Float v = s;
    if (amsgrad != Amsgrad::off) {
      v = maximum(max_exp_avg_var, s);
      if (amsgrad == Amsgrad::eps_in_maximum) v = v + c.eps;
      max_exp_avg_var = v;
    }

    if constexpr (phase == Phase::plain) {
      return corrected_step(c, p, m, v);
    } else if constexpr (phase == Phase::rectified) {
      return plain_step(c, p, m, s);
    } else {
      return phase == Phase::momentum ? fma(m, c.size, p) : p;
    }
  }
};

}  // namespace ADABELIEF_SET
}  // namespace adabelief
