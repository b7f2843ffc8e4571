// The division by √(1 − β2^t) without a divide has the bits of a division: for the divisors of real settings, for those nearest
// to the powers of two and random ones, each with every mantissa in two binades; and at the ends of the range.
#define ADABELIEF_SET division
#if defined(__x86_64__)
#pragma GCC target("avx2,fma")
#undef __FMA__
#define __FMA__ 1
#endif
#include "update/arithmetic.h"

#include <cmath>

#include "check.h"

#if !defined(ADABELIEF_FAST_FMA)
#error "this test is about processors with the instruction"
#endif

namespace {

using adabelief::division::divide_finite_by_invariant;
using adabelief::division::root_over_invariant;

/** The first mantissa for which the two differ, or -1. The loop has no branch, so that it is vectorised like the step itself. */
int first_difference(float divisor, std::uint32_t exponent) {
  constexpr std::uint32_t mantissas = 1u << 23;
  std::uint32_t differing = 0;
#pragma omp simd reduction(| : differing)
  for (std::uint32_t mantissa = 0; mantissa < mantissas; ++mantissa) {
    const float x = __builtin_bit_cast(float, exponent << 23 | mantissa);
    differing |= __builtin_bit_cast(std::uint32_t, divide_finite_by_invariant(x, divisor, 1.0f / divisor)) ^
                 __builtin_bit_cast(std::uint32_t, x / divisor);
  }
  if (differing == 0) return -1;
  for (std::uint32_t mantissa = 0; mantissa < mantissas; ++mantissa) {
    const float x = float_of(exponent << 23 | mantissa);
    if (!same(divide_finite_by_invariant(x, divisor, 1.0f / divisor), x / divisor)) return static_cast<int>(mantissa);
  }
  return 0;
}

void compare(float x, float divisor) {
  CHECK(same(divide_finite_by_invariant(x, divisor, 1.0f / divisor), x / divisor), "%a / %a is %a, expected %a", x, divisor,
        divide_finite_by_invariant(x, divisor, 1.0f / divisor), x / divisor);
}

}  // namespace

int main() {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) {
    std::puts("SKIPPED, not passed: this processor has no FMA");
    return 0;
  }
#endif
  std::vector<float> divisors = {1.0f,           0x1.fffffep-1f, 0x1.fffffcp-1f, 0.5f,
                                 0x1.000002p-1f, 0x1.fffffep-2f, 0x1.6a09e6p-1f, 1e-8f};
  for (double beta2 : {0.0, 0.5, 0.9, 0.98, 0.99, 0.999, 0.9999}) {
    for (double t : {1.0, 2.0, 3.0, 10.0, 100.0, 1000.0, 10000.0}) {
      divisors.push_back(static_cast<float>(std::sqrt(1 - std::pow(beta2, t))));
    }
  }
  Random random(3);
  while (divisors.size() < 120) divisors.push_back(float_of(0x3F800000u - static_cast<std::uint32_t>(random.below(0x0D000000))));

  for (float divisor : divisors) {
    for (std::uint32_t exponent : {103u, 126u}) {
      const int mantissa = first_difference(divisor, exponent);
      CHECK(mantissa < 0, "mantissa %x over %a, seed 3", mantissa, divisor);
    }
    // The square roots of the smallest and largest floats there are, and what is no number.
    for (float x : {0.0f, std::sqrt(float_of(1)), std::sqrt(float_of(3)), std::sqrt(float_of(0x7F7FFFFF)), NAN}) {
      compare(x, divisor);
    }
    CHECK(root_over_invariant(HUGE_VALF, divisor) == HUGE_VALF, "infinity over %a", divisor);
    for (int i = 0; i < 1000; ++i) {
      const float root = std::sqrt(std::fabs(random.any()));
      if (root < HUGE_VALF || root != root) compare(root, divisor);
    }
  }
  std::printf("division: %zu divisors with %u dividends each\n", divisors.size(), 1u << 24);
}
