// Lion (Chen et al., NeurIPS 2023): steps of one size, in the direction of the sign. State: m (exp_avg).
#pragma once

#include "moments.h"

namespace adabelief {
namespace ADABELIEF_SET {

struct Lion {
  static constexpr const char* name = "lion";

  ADABELIEF_CHOICE(Decay, none, decoupled)
  using Variants = Choices<Decay>;
  static constexpr int states(int) { return 1; }

  /** `decay` is 1 − lr·weight_decay, `size` is −lr. */
  struct Own {
    ADABELIEF_FLOATS(decay, size)
  };
  using Coefficients = CoefficientsOf<Own, Betas>;

  template <int variant, class Float>
  static ADABELIEF_INLINE Float update(const Coefficients& c, Float p, Float g, Float& exp_avg, Float&, Float&) {
    if (Variants::of<Decay>(variant) == Decay::decoupled) p = p * c.decay;
    const Float direction = sign(mean(c, exp_avg, g));
    exp_avg = fma(g, c.one_minus_beta2, exp_avg * c.beta2);
    return fma(direction, c.size, p);
  }
};

}  // namespace ADABELIEF_SET
}  // namespace adabelief
