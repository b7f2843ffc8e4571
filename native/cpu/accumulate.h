// Sums of gradients, from several workers or micro-batches, on the threads of the process.
#pragma once

#include <cstddef>

namespace adabelief {

/** In which order sources are added up: the first and the second, then the third; or in pairs (pair_sum.h). */
enum class SumOrder { sequence, pairs };

/** See `Elementwise::accumulate` in core/kernels.h; `count` ≥ 1. The bits do not depend on the number of threads. */
void accumulate_on_pool(float* into, const float* const* sources, int count, float scale, std::size_t length, SumOrder order);

}  // namespace adabelief
