// Not an optimizer but the memory baseline that the benchmark compares a step with. It reads and writes the arrays of an
// optimizer with as many states, and adds once to each.
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
