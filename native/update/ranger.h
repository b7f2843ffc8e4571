// RangerAdaBelief 0.1.0: AdaBelief (or Adam) rectified as RAdam; around it Lookahead and gradient centralization, which any
// optimizer may have. States: m (exp_avg), v (exp_avg_sq).
//
// While the variance is too uncertain the direction *is* m: whatever is added to it stays in m.
#pragma once

#include "moments.h"

namespace adabelief {
namespace ADABELIEF_SET {

struct Ranger {
  static constexpr const char* name = "ranger";

  enum Belief { deviation, square, beliefs };  // of what v is the mean: (g − m)², or g² as in Adam
  enum Decay { no_decay, decays_with_step, decays };
  enum Phase { rectified, early, phases };
  enum Part { whole, moments, rest, parts };  // late centralization takes two passes: the rows' means lie between them

  static constexpr int variants = beliefs * decays * phases * parts;
  static constexpr Belief belief(int variant) { return static_cast<Belief>(variant % beliefs); }
  static constexpr Decay decay(int variant) { return static_cast<Decay>(variant / beliefs % decays); }
  static constexpr Phase phase(int variant) { return static_cast<Phase>(variant / (beliefs * decays) % phases); }
  static constexpr Part part(int variant) { return static_cast<Part>(variant / (beliefs * decays * phases)); }
  static constexpr int states(int) { return 2; }

  /** The variant that is to follow once the rows' means of `direction` are known, or −1. */
  static constexpr int following(int variant) { return part(variant) == moments ? variant + beliefs * decays * phases : -1; }

  struct Coefficients {
    Betas betas;
    Step step;
    float decay;
  };

  /** What a step goes along, for moments that are up to date. */
  template <int variant, class Float>
  static ADABELIEF_INLINE Float direction(const Coefficients& c, Float p, Float exp_avg, Float exp_avg_sq) {
    if (phase(variant) == early) return exp_avg;  // its decay is in it
    const Float u = exp_avg / (square_root(exp_avg_sq) + c.step.eps);
    return decay(variant) == decays_with_step ? fma(p, c.decay, u) : u;
  }

  template <int variant, class Float>
  static ADABELIEF_INLINE Float update(const Coefficients& c, Float p, Float g, Float& exp_avg, Float& exp_avg_sq, Float&) {
    if (part(variant) != rest) {
      exp_avg = mean(c.betas, exp_avg, g);
      Float v = mean_square(c.betas, exp_avg_sq, belief(variant) == deviation ? g - exp_avg : g);
      if (belief(variant) == deviation && phase(variant) == rectified) v = v + c.step.eps;
      exp_avg_sq = v;
      if (phase(variant) == early && decay(variant) == decays_with_step) exp_avg = fma(p, c.decay, exp_avg);
    }
    if (part(variant) == moments) return p;
    Float u = direction<variant>(c, p, exp_avg, exp_avg_sq);
    if (part(variant) == rest) {
      u = u - g;  // here g brings the mean of the row
      if (phase(variant) == early) exp_avg = u;
    }
    return fma(u, c.step.size, p);
  }
};

}  // namespace ADABELIEF_SET
}  // namespace adabelief
