// The sums of a step on a device. A thread sums one block; then a thread adds up the blocks of one segment. Part of kernels.h.
#pragma once

#include "../core/stages.h"
#include "../update/formula_traits.h"
#include "../update/gradient.h"
#include "../update/sum.h"
#include "launch.h"

namespace adabelief {
namespace ADABELIEF_SET {

/** Which thread this is. */
struct Here {
  unsigned block, thread, threads;
};

/** The mean of the segment that an element lies in. */
ADABELIEF_INLINE float mean_of(const Launch& launch, const DeviceRow& row, uint64_t element) {
  if (!launch.means || row.cut.segment == 0) return 0;
  const double sum = launch.means[row.segments + element / row.cut.segment * row.cut.blocks()];
  return static_cast<float>(sum / static_cast<double>(row.cut.segment));
}

ADABELIEF_INLINE Factors with_mean(Factors factors, float mean) {
  factors.mean = mean;
  return factors;
}

/** A block that one thread sums, and the place of its sum. */
struct BlockOfRow {
  bool exists;
  Cut::Block block;
  uint64_t place;
};

/** The block of this thread, of those by whole tensors or by segments. */
ADABELIEF_INLINE BlockOfRow block_of(const DeviceRow& row, uint64_t number, bool by_segments) {
  const Cut cut = by_segments ? row.cut : whole(row);
  return {number < cut.all_blocks(), cut.block(number), (by_segments ? row.segments : row.tensor) + number};
}

/** Sums of what `sum_of` says, a thread a block. */
ADABELIEF_INLINE void sum_block(const Launch& launch, const Here& here) {
  const DevicePiece piece = launch.pieces[here.block];
  const DeviceRow row = launch.rows[piece.row];
  const SumOf what = launch.sum_of;
  const BlockOfRow mine = block_of(row, piece.begin + here.thread, what == SumOf::prepared);
  if (!mine.exists) return;
  const Cut::Block block = mine.block;
  const float* grad = row.grad + block.begin;
  const float* data = row.data + block.begin;
  const Factors& factors = launch.factors;
  double sum;
  if (what == SumOf::squares_of_gradients) {
    sum = summed(block.length, [=](double s, size_t i) { return plus_square(s, grad[i] * factors.scale); });
  } else if (what == SumOf::squares_of_data) {
    sum = summed(block.length, [=](double s, size_t i) { return plus_square(s, data[i]); });
  } else {
    sum = summed(block.length, [&](double s, size_t i) {
      const float mean = what == SumOf::prepared ? 0 : mean_of(launch, row, block.begin + i);
      const float g = prepared(with_mean(factors, mean), grad[i], data[i]);
      return what == SumOf::prepared ? plus(s, g) : plus_square(s, g);
    });
  }
  launch.sums[mine.place] = sum;
}

/** Sums of the directions in which a variant is about to step, a thread a block. */
template <class F, int variant>
ADABELIEF_INLINE void sum_block_of_directions(const Launch& launch, const Here& here) {
  const DevicePiece piece = launch.pieces[here.block];
  const DeviceRow row = launch.rows[piece.row];
  const BlockOfRow mine = block_of(row, piece.begin + here.thread, true);
  if (!mine.exists) return;
  const Cut::Block block = mine.block;
  const auto c = coefficients_of<F>(launch.coefficients);
  launch.sums[mine.place] = summed(block.length, [&](double s, size_t k) {
    const uint64_t i = block.begin + k;
    return plus(s, F::template direction<variant>(c, row.data[i], row.state[0][i], row.state[1][i]));
  });
}

/** Adds up the blocks of a segment into the first of them, a thread a segment: the one whose block that is. */
ADABELIEF_INLINE void sum_segment(const Launch& launch, const Here& here) {
  const DevicePiece piece = launch.pieces[here.block];
  const DeviceRow row = launch.rows[piece.row];
  const bool by_segments = launch.sum_of == SumOf::prepared;
  const uint64_t number = piece.begin + here.thread;
  const BlockOfRow first = block_of(row, number, by_segments);
  const uint64_t blocks = by_segments ? row.cut.blocks() : whole(row).blocks();
  if (!first.exists || number % blocks != 0) return;
  double sum = launch.sums[first.place];
  for (uint64_t k = 1; k < blocks; ++k) sum += launch.sums[first.place + k];
  launch.sums[first.place] = sum;
}

}  // namespace ADABELIEF_SET
}  // namespace adabelief
