// What the threads of a device do to arrays outside of any step: sums of gradients, and clipping by hand.
#pragma once

#include "sums.h"

namespace adabelief {
namespace ADABELIEF_SET {

/** Calls `run(row, i)` for the elements of a piece. */
template <class Run>
ADABELIEF_INLINE void each_element(const Launch& launch, const Here& here, const Run& run) {
  const DevicePiece piece = launch.pieces[here.block];
  const DeviceRow row = launch.rows[piece.row];
  const uint64_t end = row.cut.length - piece.begin < launch.piece ? row.cut.length : piece.begin + launch.piece;
  for (uint64_t i = piece.begin + here.thread; i < end; i += here.threads) run(row, i);
}

/** x ← x·factor, rounded. */
ADABELIEF_INLINE void scale_piece(const Launch& launch, const Here& here) {
  each_element(launch, here, [&](const DeviceRow& row, uint64_t i) { row.out[i] = row.data[i] * launch.factors.scale; });
}

/** (source 0 + source 1) + source 2 … of an element. Every row has a source as its gradient. */
ADABELIEF_INLINE float sum_in_sequence(const Launch& launch, uint64_t i) {
  float sum = launch.rows[0].grad[i];
  for (uint64_t k = 1; k < launch.count; ++k) sum = sum + launch.rows[k].grad[i];
  return sum;
}

/** ((source 0 + source 1) + (2 + 3)) + …, an odd one passes up: as native/cpu/pair_sum.cpp adds. Where bit b of the number of
 * sources so far is set, sums[b] is the sum of 2^b of them. */
ADABELIEF_INLINE float sum_in_pairs(const Launch& launch, uint64_t i) {
  constexpr int levels = 32;
  float sums[levels] = {};
  for (uint64_t k = 0; k < launch.count; ++k) {
    float sum = launch.rows[k].grad[i];
    bool carried = true;
#pragma unroll
    for (int b = 0; b < levels; ++b) {  // without a break, which would put the sums into memory
      const bool carries = (k >> b & 1) != 0;
      const float both = sums[b] + sum;
      if (carried && !carries) sums[b] = sum;
      carried = carried && carries;
      sum = carried ? both : sum;
    }
  }
  float total = 0;
  bool any = false;
#pragma unroll
  for (int b = 0; b < levels; ++b) {
    if ((launch.count >> b & 1) == 0) continue;
    total = any ? sums[b] + total : sums[b];
    any = true;
  }
  return total;
}

/** into ← into + scale·sum, the last product and sum rounded once. The first row has `into` as its data. */
template <float sum(const Launch&, uint64_t)>
ADABELIEF_INLINE void accumulate_piece(const Launch& launch, const Here& here) {
  each_element(launch, here,
               [&](const DeviceRow& row, uint64_t i) { row.out[i] = fma(sum(launch, i), launch.factors.scale, row.data[i]); });
}

}  // namespace ADABELIEF_SET
}  // namespace adabelief
