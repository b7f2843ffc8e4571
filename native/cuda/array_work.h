// Work on arrays of devices outside of any step: sums of gradients, and clipping by hand.
#pragma once

#include <cstddef>
#include <vector>

#include "../core/reduction.h"
#include "../core/span.h"
#include "driver.h"

namespace adabelief {

/** An array in the processor's memory or on a device. */
struct PlacedFloats {
  Floats32 array;
  int place;
};

/** What accumulate_on_pool does, over arrays of one device: launched in the order of a stream, and not waited for. */
void accumulate_on_device(int device, float* into, const std::vector<const float*>& sources, float scale, std::size_t length,
                          SumOrder order, cu::Stream stream);

/** The Euclidean norm of arrays in any places, with the bits of norm_on_pool, on at most `threads` threads of the processor.
 * Waits for it. */
double norm_across_places(const std::vector<PlacedFloats>& arrays, int threads, cu::Stream stream);

/** x ← x·factor, rounded, for every element of arrays of one device: launched, and not waited for. */
void scale_on_device(int device, const std::vector<Floats32>& arrays, float factor, cu::Stream stream);

}  // namespace adabelief
