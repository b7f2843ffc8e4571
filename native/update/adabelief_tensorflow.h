// AdaBelief as the TensorFlow releases 0.0.1 and 0.2.1 compute it. The states are those of adabelief.h: m, s and x.
#pragma once

#include "moments.h"

namespace adabelief {
namespace ADABELIEF_SET {

struct AdaBeliefTensorFlow {
  static constexpr const char* name = "adabelief_tensorflow";

  ADABELIEF_CHOICE(Decay, none, with_step)  // 0.2.1: weight_decay·p is part of the step
  ADABELIEF_CHOICE(Amsgrad, off, on)
  ADABELIEF_CHOICE(Phase, uncorrected, corrected, momentum)  // 0.0.1; 0.2.1; 0.2.1 while the variance is too uncertain
  using Variants = Choices<Decay, Amsgrad, Phase>;
  static constexpr int states(int variant) { return Variants::of<Amsgrad>(variant) == Amsgrad::off ? 2 : 3; }

  /** `bias_correction2` is 1 − β2^t; `learning_rate` is negative. The `size` of 0.0.1 is −lr·√c2/c1, that of 0.2.1 is r/c1. */
  struct Own {
    ADABELIEF_FLOATS(bias_correction2, decay, learning_rate)
  };
  using Coefficients = CoefficientsOf<Betas, Step, Own>;

  template <int variant, class Float>
  static ADABELIEF_INLINE auto update(const Coefficients& c, Float p, Float g, Float& exp_avg, Float& exp_avg_var,
                                      Float& max_exp_avg_var) {
    constexpr auto phase = Variants::of<Phase>(variant);
    const Float m = exp_avg = mean(c, exp_avg, g);
    Float v = exp_avg_var = mean_square(c, exp_avg_var, g - m) + c.eps;
    if (Variants::of<Amsgrad>(variant) == Amsgrad::on) v = max_exp_avg_var = maximum(max_exp_avg_var, v);

    if constexpr (phase == Phase::uncorrected) {
      return plain_step(c, p, m, v);
    } else {
      Float u = c.size * m;
      if (phase == Phase::corrected) u = u / (square_root(v / c.bias_correction2) + c.eps);
      if (Variants::of<Decay>(variant) == Decay::with_step) u = fma(p, c.decay, u);
      return fma(u, c.learning_rate, p);
    }
  }
};

}  // namespace ADABELIEF_SET
}  // namespace adabelief
