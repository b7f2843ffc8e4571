// How a gradient is prepared before a formula sees it, in this order: it is scaled, clipped, joined by the coupled weight decay,
// and centralized.
#pragma once

#include "arithmetic.h"
#include "factors.h"

namespace adabelief {
namespace ADABELIEF_SET {

/** Coupled weight decay: g + weight_decay·p. */
template <class Float>
ADABELIEF_INLINE Float decayed(Float g, Float p, float decay) {
  return fma(p, decay, g);
}

/** Multiplying by 1 and subtracting 0 change no bit; adding 0·p would. */
template <class Float>
ADABELIEF_INLINE Float prepared(const Factors& c, Float g, Float p) {
  g = (g * c.scale) * c.clip;
  if (c.decay != 0) g = decayed(g, p, c.decay);
  return g - c.mean;
}

}  // namespace ADABELIEF_SET
}  // namespace adabelief
