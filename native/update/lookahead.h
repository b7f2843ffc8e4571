// Lookahead (Zhang et al., NeurIPS 2019): every k steps the slow weights move part of the way to the parameters, which are then
// set to them. Any formula may come before it.
#pragma once

#include "arithmetic.h"

namespace adabelief {
namespace ADABELIEF_SET {

/** slow + alpha·(p − slow): the new value of both. */
ADABELIEF_INLINE float blended(float p, float slow, float alpha) { return fma(p - slow, alpha, slow); }

}  // namespace ADABELIEF_SET
}  // namespace adabelief
