// RAdam (Liu et al., ICLR 2020), as its authors published it: weight decay is part of a step, and a frozen step does not decay.
// States: m (exp_avg), v (exp_avg_sq).
#pragma once

#include "moments.h"

namespace adabelief {
namespace ADABELIEF_SET {

struct RAdam {
  static constexpr const char* name = "radam";

  ADABELIEF_CHOICE(Decay, none, decoupled)
  ADABELIEF_CHOICE(Phase, rectified, momentum, frozen)
  using Variants = Choices<Decay, Phase>;
  static constexpr int states(int) { return 2; }

  /** `decay` is −weight_decay·lr. */
  struct Own {
    ADABELIEF_FLOATS(decay)
  };
  using Coefficients = CoefficientsOf<Own, Betas, Step>;

  template <int variant, class Float>
  static ADABELIEF_INLINE auto update(const Coefficients& c, Float p, Float g, Float& exp_avg, Float& exp_avg_sq, Float&) {
    constexpr auto phase = Variants::of<Phase>(variant);
    const Float m = exp_avg = mean(c, exp_avg, g);
    const Float v = exp_avg_sq = mean_square(c, exp_avg_sq, g);
    if (Variants::of<Decay>(variant) == Decay::decoupled && phase != Phase::frozen) p = fma(p, c.decay, p);
    if constexpr (phase == Phase::rectified) {
      return plain_step(c, p, m, v);
    } else {
      return phase == Phase::frozen ? p : fma(m, c.size, p);
    }
  }
};

}  // namespace ADABELIEF_SET
}  // namespace adabelief
