// RAdam (Liu et al., ICLR 2020), as its authors published it: the decay belongs to a step, and is left out where there is none.
// States: m (exp_avg), v (exp_avg_sq).
#pragma once

#include "moments.h"

namespace adabelief {
namespace ADABELIEF_SET {

struct RAdam {
  static constexpr const char* name = "radam";

  enum Phase { rectified, momentum, frozen, phases };

  static constexpr int variants = 2 * phases;
  static constexpr bool decays(int variant) { return variant % 2; }
  static constexpr Phase phase(int variant) { return static_cast<Phase>(variant / 2); }
  static constexpr int states(int) { return 2; }

  struct Coefficients {
    float decay;  // −weight_decay·lr
    Betas betas;
    Step step;
  };

  template <int variant, class Float>
  static ADABELIEF_INLINE auto update(const Coefficients& c, Float p, Float g, Float& exp_avg, Float& exp_avg_sq, Float&) {
    const Float m = exp_avg = mean(c.betas, exp_avg, g);
    const Float v = exp_avg_sq = mean_square(c.betas, exp_avg_sq, g);
    if (decays(variant) && phase(variant) != frozen) p = fma(p, c.decay, p);
    if constexpr (phase(variant) == rectified) {
      return plain_step(c.step, p, m, v);
    } else {
      return phase(variant) == frozen ? p : fma(m, c.step.size, p);
    }
  }
};

}  // namespace ADABELIEF_SET
}  // namespace adabelief
