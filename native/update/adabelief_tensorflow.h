// AdaBelief as the TensorFlow releases 0.0.1 and 0.2.1 compute it. The states are those of adabelief.h: m, s and x.
#pragma once

#include "moments.h"

namespace adabelief {
namespace ADABELIEF_SET {

struct AdaBeliefTensorFlow {
  static constexpr const char* name = "adabelief_tensorflow";

  enum Decay { no_decay, decays_with_step, decays };  // 0.2.1: weight_decay·p is part of the step
  enum Amsgrad { no_amsgrad, with_amsgrad, amsgrads };
  enum Phase { uncorrected, corrected, momentum, phases };  // 0.0.1; 0.2.1; 0.2.1 while the variance is too uncertain

  static constexpr int variants = decays * amsgrads * phases;
  static constexpr Decay decay(int variant) { return static_cast<Decay>(variant % decays); }
  static constexpr Amsgrad amsgrad(int variant) { return static_cast<Amsgrad>(variant / decays % amsgrads); }
  static constexpr Phase phase(int variant) { return static_cast<Phase>(variant / (decays * amsgrads)); }
  static constexpr int states(int variant) { return amsgrad(variant) == no_amsgrad ? 2 : 3; }

  struct Coefficients {
    Betas betas;
    Step step;               // 0.0.1: size −lr·√c2/c1; 0.2.1: size (rt)/c1, positive
    float bias_correction2;  // 1 − β2^t
    float decay;
    float learning_rate;  // negative
  };

  template <int variant, class Float>
  static ADABELIEF_INLINE auto update(const Coefficients& c, Float p, Float g, Float& exp_avg, Float& exp_avg_var,
                                      Float& max_exp_avg_var) {
    const Float m = exp_avg = mean(c.betas, exp_avg, g);
    Float v = exp_avg_var = mean_square(c.betas, exp_avg_var, g - m) + c.step.eps;
    if (amsgrad(variant) == with_amsgrad) v = max_exp_avg_var = maximum(max_exp_avg_var, v);

    if constexpr (phase(variant) == uncorrected) {
      return plain_step(c.step, p, m, v);
    } else {
      Float u = c.step.size * m;
      if (phase(variant) == corrected) u = u / (square_root(v / c.bias_correction2) + c.step.eps);
      if (decay(variant) == decays_with_step) u = fma(p, c.decay, u);
      return fma(u, c.learning_rate, p);
    }
  }
};

}  // namespace ADABELIEF_SET
}  // namespace adabelief
