// What a gradient goes through before a formula sees it, in this order: scaled, clipped, joined by the weight decay that is
// coupled to it, and less the mean of its row.
#pragma once

#include "arithmetic.h"

namespace adabelief {
namespace ADABELIEF_SET {

/** The factors of one step. What a step does not do has its neutral value: 1, 1, 0, 0. */
struct Gradient {
  float scale, clip;
  float decay;  // the coupled weight decay
  float mean;   // of the row, with gradient centralization
};

/** Coupled weight decay: g + weight_decay·p. */
template <class Float>
ADABELIEF_INLINE Float decayed(Float g, Float p, float decay) {
  return fma(p, decay, g);
}

/** Multiplying by 1 and subtracting 0 change no bit; adding 0·p would. */
template <class Float>
ADABELIEF_INLINE Float prepared(const Gradient& c, Float g, Float p) {
  g = (g * c.scale) * c.clip;
  if (c.decay != 0) g = decayed(g, p, c.decay);
  return g - c.mean;
}

}  // namespace ADABELIEF_SET

}  // namespace adabelief
