// RangerAdaBelief 0.1.0: AdaBelief (or Adam) rectified as RAdam; around it Lookahead and gradient centralization, which any
// optimizer may have. States: m (exp_avg), v (exp_avg_sq).
//
// In the early phase the direction is m itself, so whatever is added to the direction stays in m.
#pragma once

#include "moments.h"

namespace adabelief {
namespace ADABELIEF_SET {

struct Ranger {
  static constexpr const char* name = "ranger";

  ADABELIEF_CHOICE(Belief, deviation, square)  // v is the mean of (g − m)², or of g² as in Adam
  ADABELIEF_CHOICE(Decay, none, with_step)
  ADABELIEF_CHOICE(Phase, rectified, early)
  ADABELIEF_CHOICE(Part, whole, moments, rest)  // late centralization takes two passes, with the rows' means between them
  using Variants = Choices<Belief, Decay, Phase, Part>;
  static constexpr int states(int) { return 2; }

  /** The variant that follows once the rows' means of `direction` are known, or −1. */
  static constexpr int following(int variant) {
    return Variants::of<Part>(variant) == Part::moments ? Variants::with<Part>(variant, Part::rest) : -1;
  }

  struct Own {
    ADABELIEF_FLOATS(decay)
  };
  using Coefficients = CoefficientsOf<Betas, Step, Own>;

  /** The direction of a step, from updated moments. */
  template <int variant, class Float>
  static ADABELIEF_INLINE Float direction(const Coefficients& c, Float p, Float exp_avg, Float exp_avg_sq) {
    if (Variants::of<Phase>(variant) == Phase::early) return exp_avg;  // its decay is in it
    const Float u = exp_avg / (square_root(exp_avg_sq) + c.eps);
    return Variants::of<Decay>(variant) == Decay::with_step ? fma(p, c.decay, u) : u;
  }

  template <int variant, class Float>
  static ADABELIEF_INLINE Float update(const Coefficients& c, Float p, Float g, Float& exp_avg, Float& exp_avg_sq, Float&) {
    constexpr auto part = Variants::of<Part>(variant);
    constexpr bool early = Variants::of<Phase>(variant) == Phase::early;
    constexpr bool deviation = Variants::of<Belief>(variant) == Belief::deviation;
    if (part != Part::rest) {
      exp_avg = mean(c, exp_avg, g);
      Float v = mean_square(c, exp_avg_sq, deviation ? g - exp_avg : g);
      if (deviation && !early) v = v + c.eps;
      exp_avg_sq = v;
      if (early && Variants::of<Decay>(variant) == Decay::with_step) exp_avg = fma(p, c.decay, exp_avg);
    }
    if (part == Part::moments) return p;
    Float u = direction<variant>(c, p, exp_avg, exp_avg_sq);
    if (part == Part::rest) {
      u = u - g;  // here g brings the mean of the row
      if (early) exp_avg = u;
    }
    return fma(u, c.size, p);
  }
};

}  // namespace ADABELIEF_SET
}  // namespace adabelief
