// What the threads of a device do for sparse gradients. The update of the rows that one touches is in kernels.h, as for any
// others.
#pragma once

#include "sums.h"

namespace adabelief {
namespace ADABELIEF_SET {

/** The sum of an element over all sources, in their order. Loaded in batches, because each addition waits for the one before. */
ADABELIEF_INLINE float sum_of_sources(const float* const* sources, uint64_t count, uint64_t i) {
  constexpr int batch = 16;
  float sum = sources[0][i];
  uint64_t k = 1;
  for (; k + batch <= count; k += batch) {
    float values[batch];
    ADABELIEF_LANES
    for (int j = 0; j < batch; ++j) values[j] = sources[k + j][i];
    ADABELIEF_LOADED();
#pragma unroll
    for (int j = 0; j < batch; ++j) sum = sum + values[j];
  }
  for (; k < count; ++k) sum = sum + sources[k][i];
  return sum;
}

/** Sums the values of a repeated row, a thread an element. */
ADABELIEF_INLINE void add_repeated_piece(const Launch& launch, const Here& here) {
  const DevicePiece piece = launch.pieces[here.block];
  const RepeatedRow row = launch.repeated[piece.row];
  const uint64_t end = row.length - piece.begin < launch.piece ? row.length : piece.begin + launch.piece;
  for (uint64_t i = piece.begin + here.thread; i < end; i += here.threads) {
    row.sum[i] = sum_of_sources(launch.sources + row.begin, row.count, i);
  }
}

/** Partial sums of the squares of scaled gradients, a thread a lane of a block. Rows that are not touched would add zeros. */
ADABELIEF_INLINE void sum_touched_lane(const Launch& launch, const Here& here) {
  const DevicePiece piece = launch.pieces[here.block];
  const BlockOfRow mine = block_of_lane(launch.rows[piece.row], piece, here, false);
  if (!mine.exists) return;
  const unsigned lane = lane_of(here);
  const float scale = launch.factors.scale;
  const TouchedBlock block = launch.touched_blocks[mine.partials / sum_lanes];
  double sum = 0;
  for (uint64_t k = block.begin; k < block.end; ++k) {
    const TouchedSpan span = launch.touched_spans[k];
    for (uint64_t i = (lane - span.within) % sum_lanes; i < span.length; i += sum_lanes) {
      sum = plus_square(sum, span.grad[i] * scale);
    }
  }
  launch.partials[mine.partials + lane] = sum;
}

}  // namespace ADABELIEF_SET
}  // namespace adabelief
