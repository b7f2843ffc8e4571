// Every float16 and bfloat16 becomes the right float, and floats become the nearest of them: against a search among the widened
// values, which knows nothing of bits. Then every backend against the scalar definitions, whatever the length and alignment.
#define ADABELIEF_SET halves
#include "update/storage.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "check.h"
#include "cpu/backend.h"

using namespace adabelief;

namespace {

struct Type {
  const char* name;
  ElementType type;
  float (*widen)(std::uint16_t);
  std::uint16_t (*narrow)(float);
  int exponent_bits, mantissa_bits;
  std::uint16_t nan;
};

const Type types[] = {
    {"bfloat16", ElementType::bfloat16, halves::from_bfloat16, halves::to_bfloat16, 8, 7, 0x7FC0},
    {"float16", ElementType::float16, halves::from_float16, halves::to_float16, 5, 10, 0x7E00},
};

/** What a pattern without a sign stands for, by the definition of the format. */
double value_of(const Type& type, int pattern) {
  const int exponent = pattern >> type.mantissa_bits, mantissa = pattern & ((1 << type.mantissa_bits) - 1);
  const int bias = (1 << (type.exponent_bits - 1)) - 1, largest = (1 << type.exponent_bits) - 1;
  if (exponent == largest) return mantissa ? std::nan("") : HUGE_VAL;
  const int implicit = exponent > 0 ? 1 << type.mantissa_bits : 0;
  return std::ldexp(implicit + mantissa, std::max(exponent, 1) - bias - type.mantissa_bits);
}

void check_widening(const Type& type) {
  for (int pattern = 0; pattern < 0x8000; ++pattern) {
    const double wanted = value_of(type, pattern);
    for (int sign : {0, 0x8000}) {
      const float x = type.widen(static_cast<std::uint16_t>(pattern | sign));
      const bool right = std::isnan(wanted) ? std::isnan(x) : x == (sign ? -wanted : wanted) && std::signbit(x) == (sign != 0);
      CHECK(right, "%s %04x is %a, expected %a", type.name, pattern | sign, x, wanted);
    }
  }
}

/** The pattern nearest to a magnitude, the even one of two: by bisection among all values. The next power of two stands for
 * infinity. */
int nearest(const Type& type, double magnitude) {
  const int infinite = ((1 << type.exponent_bits) - 1) << type.mantissa_bits;
  const double beyond = std::ldexp(1, 1 << (type.exponent_bits - 1));
  const auto value = [&](int pattern) { return pattern == infinite ? beyond : value_of(type, pattern); };
  if (magnitude >= beyond) return infinite;
  int below = 0, above = infinite;
  while (above - below > 1) {
    const int middle = (below + above) / 2;
    (value(middle) <= magnitude ? below : above) = middle;
  }
  const double down = magnitude - value(below), up = value(above) - magnitude;
  return down < up || (down == up && below % 2 == 0) ? below : above;
}

void check_narrowing(const Type& type, std::uint32_t bits) {
  const float x = float_of(bits);
  const int got = type.narrow(x);
  const int wanted = std::isnan(x) ? type.nan : nearest(type, std::fabs(static_cast<double>(x))) | (std::signbit(x) ? 0x8000 : 0);
  CHECK(got == wanted, "%a becomes the %s %04x, expected %04x", x, type.name, got, wanted);
}

/** Every value of the type, the middle between it and the next, and what lies beside both. */
void check_borders(const Type& type) {
  for (int pattern = 0; pattern < 0x7FFF; ++pattern) {
    const double here = value_of(type, pattern), next = value_of(type, pattern + 1);
    if (std::isnan(here)) continue;
    for (double at : {here, std::isfinite(next) ? (here + next) / 2 : here * (1 + std::ldexp(0.5, -type.mantissa_bits))}) {
      const std::uint32_t bits = bits_of(static_cast<float>(at));
      for (std::uint32_t near : {bits - 1, bits, bits + 1}) {
        check_narrowing(type, near);
        check_narrowing(type, near ^ 0x80000000u);
      }
    }
  }
}

/** Floats evenly over all patterns. */
void check_sweep(const Type& type) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr std::uint32_t stride = 65521;
#else
  constexpr std::uint32_t stride = 1021;
#endif
  std::uint32_t bits = 0;
  do check_narrowing(type, bits);
  while ((bits += stride) >= stride);
}

void check_backend(const Backend& backend, const Type& type) {
  const Conversion& run = backend.kernels->elementwise.conversion(type.type);
  Random random(7);
  for (std::size_t length = 0; length < 130; ++length) {
    for (std::size_t offset : {0, 1, 3}) {
      std::vector<float> floats(length + offset + 1), widened(length + offset + 1, 5.0f);
      std::vector<std::uint16_t> narrowed(length + offset + 1, 7);
      for (float& x : floats) x = random.any();
      run.narrow(narrowed.data() + offset, floats.data() + offset, length);
      run.widen(widened.data() + offset, narrowed.data() + offset, length);
      for (std::size_t i = offset; i < offset + length; ++i) {
        CHECK(narrowed[i] == type.narrow(floats[i]), "%s, %s: %a becomes %04x", backend.name, type.name, floats[i], narrowed[i]);
        CHECK(bits_of(widened[i]) == bits_of(type.widen(narrowed[i])), "%s, %s: %04x becomes %a", backend.name, type.name,
              narrowed[i], widened[i]);
      }
      CHECK(narrowed[offset + length] == 7 && widened[offset + length] == 5, "%s wrote beyond %zu", backend.name, length);
    }
  }
}

}  // namespace

int main() {
  for (const Type& type : types) {
    check_widening(type);
    check_borders(type);
    check_sweep(type);
    for (int k = 0; k < backends().count; ++k) {
      const Backend& backend = backends().begin[k];
      if (backend.supported()) check_backend(backend, type);
    }
  }
}
