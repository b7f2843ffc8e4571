// Fromage (Bernstein et al., NeurIPS 2020): a step as long as lr times the tensor's own norm. No state.
#pragma once

#include "arithmetic.h"
#include "declare.h"

namespace adabelief {
namespace ADABELIEF_SET {

struct Fromage {
  static constexpr const char* name = "fromage";

  using Variants = Choices<>;
  static constexpr int states(int) { return 0; }

  /** `size` is −lr, `divisor` is √(1 + lr²), and `ratio` is that of the norms, by `with_norms`. */
  struct Own {
    ADABELIEF_FLOATS(size, divisor, ratio)
  };
  using Coefficients = CoefficientsOf<Own>;

  /** Completes a tensor's coefficients with its norm and that of its gradient. */
  static ADABELIEF_INLINE void with_norms(Coefficients& c, double p_norm, double g_norm) {
    const bool both = p_norm > 0 && g_norm > 0;
    c.ratio = both ? static_cast<float>(p_norm) / static_cast<float>(g_norm) : 1.0f;
  }

  template <int variant, class Float>
  static ADABELIEF_INLINE Float update(const Coefficients& c, Float p, Float g, Float&, Float&, Float&) {
    return fma(g * c.ratio, c.size, p) / c.divisor;
  }
};

}  // namespace ADABELIEF_SET
}  // namespace adabelief
