// The fma of processors without the instruction equals the C library's, which is correctly rounded.
#define ADABELIEF_SET substitute
#undef __FMA__
#undef __ARM_FEATURE_FMA
#include "update/arithmetic.h"

#include <cmath>
#include <limits>

#include "check.h"
#include "exact_fma.h"

namespace {

void compare(float a, float b, float c, const char* what) {
  const float wanted = exact_fma(a, b, c);
  const float got = adabelief::substitute::fma(a, b, c);
  CHECK(same(got, wanted), "%s: fma(%a, %a, %a) is %a, expected %a", what, a, b, c, got, wanted);
}

}  // namespace

int main() {
  const float largest = std::numeric_limits<float>::max();
  const float infinity = std::numeric_limits<float>::infinity();
  const float special[] = {
      0.0f,    -0.0f,    1.0f,     -1.0f,     float_of(1), -float_of(1), float_of(0x007FFFFF), float_of(0x00800000),
      largest, -largest, infinity, -infinity, NAN,         0x1p-75f,     0x1.000002p0f,        0x1.fffffep-1f,
      3.0f,    0x1p127f};
  for (float a : special) {
    for (float b : special) {
      for (float c : special) compare(a, b, c, "special values");
    }
  }

  Random random(1);
  for (int i = 0; i < 4000000; ++i) compare(random.any(), random.any(), random.any(), "any bits, seed 1");
  for (int i = 0; i < 4000000; ++i) {
    // Sums near a tie: c is about half a unit in the last place of a·b, or the other way round.
    const float a = random.unit(), b = random.unit();
    const int exponent = static_cast<int>(random.below(60)) - 30;
    compare(a, b, std::ldexp(random.unit(), exponent), "near, seed 1");
    compare(a, b, std::ldexp(a * b, (random.below(2) ? 24 : -24)), "ties, seed 1");
    compare(std::ldexp(a, -70), std::ldexp(b, -70), std::ldexp(random.unit(), -126 - static_cast<int>(random.below(24))),
            "subnormal sums, seed 1");
  }
  std::puts("fma: 16 million sums and all special values rounded once");
}
