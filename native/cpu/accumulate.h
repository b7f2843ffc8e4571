// Sums of gradients, from several workers or micro-batches, on the threads of the process.
#pragma once

#include <cstddef>

#include "../core/reduction.h"

namespace adabelief {

/** See `Elementwise::accumulate` in core/kernels.h; `count` ≥ 1. The bits do not depend on the number of threads. */
void accumulate_on_pool(float* into, const float* const* sources, int count, float scale, std::size_t length, SumOrder order);

}  // namespace adabelief
