// The kinds of numbers that kernels are tried with.
#pragma once

#include "check.h"

/** Those of a training; any bits at all; and the ends of the format: zeros, subnormals, the largest, infinities, NaN. */
enum class Numbers { usual, any, special };

inline float number(Numbers numbers, Random& random) {
  static const std::uint32_t special[] = {0x00000000, 0x80000000, 0x00000001, 0x80000001, 0x007FFFFF, 0x00800000, 0x3F800000,
                                          0xBF800000, 0x7F7FFFFF, 0xFF7FFFFF, 0x7F800000, 0xFF800000, 0x7FC00000, 0x7F800001};
  switch (numbers) {
    case Numbers::usual: return random.unit();
    case Numbers::any: return random.any();
    default: return float_of(special[random.below(sizeof special / sizeof *special)]);
  }
}
