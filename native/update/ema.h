// The exponential moving average of a parameter, in the rounding of torch.lerp on a CPU. Any formula may come before it.
#pragma once

#include "arithmetic.h"

namespace adabelief {
namespace ADABELIEF_SET {

/** average + weight·(p − average). From a weight of 1/2 on, torch.lerp begins at the other end:
 * p − (1 − weight)·(p − average). */
ADABELIEF_INLINE float averaged(float average, float p, float weight) {
  const bool small = weight < 0.5f;
  return fma(p - average, small ? weight : weight - 1.0f, small ? average : p);
}

}  // namespace ADABELIEF_SET
}  // namespace adabelief
