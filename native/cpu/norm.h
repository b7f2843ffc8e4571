// The norm of many tensors as one vector, and a factor for all of them: what clipping by hand is made of.
#pragma once

#include <cstddef>
#include <vector>

#include "../core/span.h"

namespace adabelief {

/** (Σ|x|^order)^(1/order) in double, for an order > 0; the largest |x| for an infinite one. NaN where an element is NaN. The same
 * bits on any number of threads. */
double norm_on_pool(const std::vector<Floats32>& tensors, double order);

/** The sums of (scale·x)² over every block of 4096 elements, from the beginning of each tensor, as a step sums them for its norm.
 * firsts[k]: where those of tensor k go. */
void squares_of_blocks_on_pool(const std::vector<Floats32>& tensors, const std::vector<std::size_t>& firsts, float scale,
                               double* sums);

/** Reads every element, for the bandwidth baseline. Returns a sum, so that no read is optimized away. */
double read_on_pool(const std::vector<Floats32>& tensors);

/** x ← x·factor, rounded, for every element. */
void scale_on_pool(const std::vector<Floats32>& tensors, float factor);

}  // namespace adabelief
