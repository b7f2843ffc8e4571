// AdaBelief (Zhuang et al., NeurIPS 2020), in the roundings of PyTorch's CPU kernels.
//
//   symbol   here                    lib/adabelief.ts          PyTorch key
//   p        p                       data                      -
//   g        g                       grad                      -
//   m        exp_avg                 exp_avg                   exp_avg
//   s        exp_avg_var             exp_avg_var               exp_avg_var
//   x        max_exp_avg_var         max_exp_avg_var           max_exp_avg_var
//
// A variant is one choice of each enumeration below, so that no element pays for an option that its group does not use.
#pragma once

#include "moments.h"

namespace adabelief {
namespace ADABELIEF_SET {

struct AdaBelief {
  static constexpr const char* name = "adabelief";

  enum Decay { no_decay, decoupled, decays };
  enum Amsgrad { no_amsgrad, eps_in_maximum, eps_in_variance, amsgrads };
  enum Phase { plain, rectified, momentum, frozen, phases };

  static constexpr int variants = decays * amsgrads * phases;
  static constexpr Decay decay(int variant) { return static_cast<Decay>(variant % decays); }
  static constexpr Amsgrad amsgrad(int variant) { return static_cast<Amsgrad>(variant / decays % amsgrads); }
  static constexpr Phase phase(int variant) { return static_cast<Phase>(variant / (decays * amsgrads)); }

  /** How many state arrays a variant reads and writes. */
  static constexpr int states(int variant) { return amsgrad(variant) == no_amsgrad ? 2 : 3; }

  struct Coefficients {
    float decay;  // decoupled: 1 − lr·weight_decay, fixed: 1 − weight_decay
    Betas betas;
    Step step;
  };

  /** One element: returns the new p, updates its moments. */
  template <int variant, class Float>
  static ADABELIEF_INLINE auto update(const Coefficients& c, Float p, Float g, Float& exp_avg, Float& exp_avg_var,
                                      Float& max_exp_avg_var) {
    if (decay(variant) == decoupled) p = p * c.decay;

    const Float m = exp_avg = mean(c.betas, exp_avg, g);
    Float s = mean_square(c.betas, exp_avg_var, g - m);
    if (amsgrad(variant) != eps_in_maximum) s = s + c.step.eps;
    exp_avg_var = s;

    Float v = s;
    if (amsgrad(variant) != no_amsgrad) {
      v = maximum(max_exp_avg_var, s);
      if (amsgrad(variant) == eps_in_maximum) v = v + c.step.eps;
      max_exp_avg_var = v;
    }

    if constexpr (phase(variant) == plain) {
      return corrected_step(c.step, p, m, v);
    } else if constexpr (phase(variant) == rectified) {
      return plain_step(c.step, p, m, s);  // 0.2.1; 0.0.5 rectifies in the plain phase
    } else {
      return phase(variant) == momentum ? fma(m, c.step.size, p) : p;
    }
  }
};

}  // namespace ADABELIEF_SET
}  // namespace adabelief
