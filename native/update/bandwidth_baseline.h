// No optimizer, but the least that one with so many states can cost: it reads the same arrays, writes the same arrays, and adds
// once to each. What the benchmark measures a step against.
#pragma once

#include "arithmetic.h"
#include "declare.h"

namespace adabelief {
namespace ADABELIEF_SET {

struct BandwidthBaseline {
  static constexpr const char* name = "bandwidth_baseline";
  ADABELIEF_CHOICE(States, none, one, two, three)
  using Variants = Choices<States>;
  static constexpr int states(int variant) { return variant; }

  struct Own {
    ADABELIEF_FLOATS(addend)
  };
  using Coefficients = CoefficientsOf<Own>;

  template <int variant, class Float>
  static ADABELIEF_INLINE Float update(const Coefficients& c, Float p, Float g, Float& first, Float& second, Float& third) {
    if (variant > 0) first = first + c.addend;
    if (variant > 1) second = second + c.addend;
    if (variant > 2) third = third + c.addend;
    return p + g;
  }
};

}  // namespace ADABELIEF_SET
}  // namespace adabelief
