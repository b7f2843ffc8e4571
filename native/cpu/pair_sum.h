// Sums in pairs: ((0+1)+(2+3))+…, an odd one passes up. With 2ᵏ gradients for each worker, the bits do not depend on which worker
// adds up which gradients.
#pragma once

#include <cstddef>

#include "../core/kernels.h"

namespace adabelief {

/** How many floats are added up at a time. */
constexpr std::size_t pair_piece = 1024;

/** total[i] = the sum in pairs of sources[k][begin + i], for i below `length` ≤ pair_piece. `count` ≥ 1. */
void sum_in_pairs(const Elementwise& loops, const float* const* sources, int count, std::size_t begin, std::size_t length,
                  float* total);

}  // namespace adabelief
