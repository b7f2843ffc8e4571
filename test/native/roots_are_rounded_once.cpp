// The square root that the AVX-512 backend makes of multiplications has the bits of the processor's: for every mantissa in two
// binades, at the ends of the range, for what is no ordinary number, and whatever 14 bits a processor approximates 1/√x to.
#if defined(__x86_64__)
#pragma GCC target("avx2,fma,avx512f,avx512vl,avx512dq,avx512bw")
#undef __FMA__
#define __FMA__ 1
#define ADABELIEF_SET roots
#include "cpu/deferred_step.h"
#endif

#include <cmath>

#include "check.h"
#include "numbers.h"

#if defined(__x86_64__)

using namespace adabelief::roots;

namespace {

struct Floats {
  explicit Floats(const Float32x32& x) { All().store(values, x); }
  float values[width];
};

/** Compares √x, and √x / c, with the processor's, for as many numbers as go side by side. */
void compare(const float* x, float divisor) {
  const Floats root(square_root(All().load(x))), quotient(root_over_invariant(All().load(x), divisor));
  for (std::size_t k = 0; k < width; ++k) {
    const float wanted = std::sqrt(x[k]);
    CHECK(same(root.values[k], wanted), "√%a is %a, expected %a", x[k], root.values[k], wanted);
    CHECK(same(quotient.values[k], wanted / divisor), "√%a / %a is %a", x[k], divisor, quotient.values[k]);
  }
}

void every_mantissa(std::uint32_t exponent) {
  for (std::uint32_t mantissa = 0; mantissa < 1u << 23; mantissa += width) {
    float x[width];
    for (std::uint32_t k = 0; k < width; ++k) x[k] = ::float_of(exponent << 23 | (mantissa + k));
    compare(x, 0.0316f);
  }
}

/** With errors of 2^-14 the root before the last rounding is off by less than 2^-23 units in the last place: so only a √x that
 * lies as near to the middle of two floats could be rounded to the wrong one. For those few, every approximation there is. */
int every_approximation(std::uint32_t exponent) {
  int found = 0;
  for (std::uint32_t mantissa = 0; mantissa < 1u << 23; ++mantissa) {
    const float x = ::float_of(exponent << 23 | mantissa), root = std::sqrt(x);
    const double exact = std::sqrt(static_cast<double>(x)), unit = std::ldexp(1.0, std::ilogb(root) - 23);
    if (std::fabs(std::fabs(exact - static_cast<double>(root)) / unit - 0.5) > 0x1p-21) continue;
    ++found;
    float y = static_cast<float>((1 - 0x1p-14) / exact);
    while (static_cast<double>(y) < (1 + 0x1p-14) / exact) {
      float approximations[width];
      for (float& approximation : approximations) {
        approximation = y;
        y = std::nextafter(y, 4.0f);
      }
      const Float32x32 reciprocal = All().load(approximations);
      const Floats rounded(round_root(x, {x * reciprocal, 0.5f * reciprocal}));
      for (std::size_t k = 0; k < width; ++k) {
        CHECK(same(rounded.values[k], root), "√%a is %a from 1/√x ≈ %a", x, rounded.values[k], approximations[k]);
      }
    }
  }
  return found;
}

void mixtures(Numbers numbers) {
  constexpr std::uint64_t seed = 5;
  Random random(seed);
  for (int i = 0; i < 100000; ++i) {
    float x[width];
    const std::size_t kinds = 1 + random.below(8);  // among many ordinary numbers one of another kind
    for (float& value : x) value = random.below(kinds) == 0 ? number(numbers, random) : std::fabs(random.unit());
    compare(x, i % 2 == 0 ? 1.0f : 0x1.000002p-1f);
  }
}

}  // namespace

int main() {
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("fma")) {
    std::puts("SKIPPED, not passed: this processor has no AVX-512");
    return 0;
  }
  // The least exponents: those about 2^-100, where the processor's root takes over.
  for (std::uint32_t exponent : {26u, 27u, 126u, 127u, 253u, 254u}) every_mantissa(exponent);
  const int near = every_approximation(126) + every_approximation(127);
  CHECK(near > 0, "no root lies near the middle of two floats: the search is wrong");
  mixtures(Numbers::any);
  mixtures(Numbers::special);
  std::printf("square roots: every mantissa, and every approximation for the %d that need it\n", near);
}

#else

int main() { std::puts("SKIPPED, not passed: AVX-512 is x86's"); }

#endif
