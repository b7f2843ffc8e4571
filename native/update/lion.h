// Lion (Chen et al., NeurIPS 2023): steps of one size, in the direction of the sign. State: m (exp_avg).
#pragma once

#include "moments.h"

namespace adabelief {
namespace ADABELIEF_SET {

struct Lion {
  static constexpr const char* name = "lion";

  static constexpr int variants = 2;
  static constexpr bool decoupled(int variant) { return variant == 1; }
  static constexpr int states(int) { return 1; }

  struct Coefficients {
    float decay;  // 1 − lr·weight_decay
    Betas betas;
    float step_size;  // −lr
  };

  template <int variant, class Float>
  static ADABELIEF_INLINE Float update(const Coefficients& c, Float p, Float g, Float& exp_avg, Float&, Float&) {
    if (decoupled(variant)) p = p * c.decay;
    const Float direction = sign(mean(c.betas, exp_avg, g));
    exp_avg = fma(g, c.betas.one_minus_beta2, exp_avg * c.betas.beta2);
    return fma(direction, c.step_size, p);
  }
};

}  // namespace ADABELIEF_SET
}  // namespace adabelief
