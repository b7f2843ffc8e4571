// The sums of a step on a device, in the order of the processor's: a thread sums one lane of a block, then one adds up the lanes
// of a block, then one the blocks of a segment. Part of kernels.h.
#pragma once

#include "../core/stages.h"
#include "../update/clip.h"
#include "../update/formula_traits.h"
#include "../update/gradient.h"
#include "../update/sum.h"
#include "launch.h"

namespace adabelief {
namespace ADABELIEF_SET {

// Between loads and what uses them: nvcc would move each load down to its use, and so wait for them one by one.
#if defined(__CUDA_ARCH__)
#define ADABELIEF_LOADED() asm volatile("" ::: "memory")
#else
#define ADABELIEF_LOADED() static_cast<void>(0)
#endif

/** Which thread this is. */
struct Here {
  unsigned block, thread, threads;
};

/** The mean of the segment that an element lies in. */
ADABELIEF_INLINE float mean_of(const Launch& launch, const DeviceRow& row, uint64_t element) {
  if (!launch.means || row.cut.segment == 0) return 0;
  return launch.means[row.segments + element / row.cut.segment];
}

/** The factors of a launch, with the factor that a device found. */
ADABELIEF_INLINE Factors factors_of(const Launch& launch) {
  Factors factors = launch.factors;
  if (launch.slot) factors.clip = launch.slot->clip;
  return factors;
}

/** A struct of floats, out of a list of them. By way of floats, because nvcc copies memory of a device byte by byte. */
template <class Floats>
ADABELIEF_INLINE Floats struct_of(const float* list) {
  constexpr int count = sizeof(Floats) / sizeof(float);
  float copies[count];
  ADABELIEF_LANES
  for (int k = 0; k < count; ++k) copies[k] = list[k];
  Floats floats;
  memcpy(&floats, copies, sizeof floats);
  return floats;
}

ADABELIEF_INLINE Common common_of(const RowStep& step) { return struct_of<Common>(step.coefficients); }

/** The same, with what a device found for the step of a row. */
ADABELIEF_INLINE Factors factors_of(const Launch& launch, const RowStep& step) {
  const Common common = common_of(step);
  Factors factors = factors_of(launch);
  factors.scale = factors.scale * common.sign();
  factors.decay = common.decay;
  return factors;
}

ADABELIEF_INLINE Factors with_mean(Factors factors, float mean) {
  factors.mean = mean;
  return factors;
}

/** A block of a row, the place of its sum, and that of its sixteen partial sums. */
struct BlockOfRow {
  Cut cut;
  uint64_t number;
  bool exists;
  Cut::Block block;
  uint64_t place, partials;
};

/** A block of those by whole tensors or by segments. */
ADABELIEF_INLINE BlockOfRow block_of(const DeviceRow& row, uint64_t number, bool by_segments) {
  const Cut cut = by_segments ? row.cut : whole(row);
  const uint64_t partials = by_segments ? row.segment_partials : row.tensor_partials;
  return {cut,
          number,
          number < cut.all_blocks(),
          cut.block(number),
          (by_segments ? row.segments : row.tensor) + number,
          (partials + number) * sum_lanes};
}

/** The partial sum of a lane: values from `lane` on, every sixteenth. They are loaded in batches, because each addition waits for
 * the one before it. */
template <class Value, class Add>
ADABELIEF_INLINE double lane_sum(uint64_t length, uint64_t lane, const Value& value, const Add& add) {
  constexpr int batch = 16;
  double sum = 0;
  uint64_t i = lane;
  for (; i + (batch - 1) * sum_lanes < length; i += batch * sum_lanes) {
    float values[batch];
    ADABELIEF_LANES
    for (int k = 0; k < batch; ++k) values[k] = value(i + k * sum_lanes);
    ADABELIEF_LOADED();
#pragma unroll
    for (int k = 0; k < batch; ++k) sum = add(sum, values[k]);
  }
  for (; i < length; i += sum_lanes) sum = add(sum, value(i));
  return sum;
}

struct Plus {
  ADABELIEF_INLINE double operator()(double sum, float x) const { return plus(sum, x); }
};
struct PlusSquare {
  ADABELIEF_INLINE double operator()(double sum, float x) const { return plus_square(sum, x); }
};

/** Sums a block: a lane of it, or the whole of a short one by its first thread. `value(i)` is the element i of the row. */
template <class Value, class Add>
ADABELIEF_INLINE void sum_part(const Launch& launch, const BlockOfRow& mine, unsigned lane, const Value& value, const Add& add) {
  const uint64_t begin = mine.block.begin, length = mine.block.length;
  const auto at = [&](uint64_t i) { return value(begin + i); };
  if (in_lanes(mine.cut)) {
    launch.partials[mine.partials + lane] = lane_sum(length, lane, at, add);
  } else if (lane == 0) {
    launch.sums[mine.place] = summed(length, [&](double sum, size_t i) { return add(sum, at(i)); });
  }
}

/** The block of a thread that sums a lane. */
ADABELIEF_INLINE BlockOfRow block_of_lane(const DeviceRow& row, const DevicePiece& piece, const Here& here, bool by_segments) {
  return block_of(row, piece.begin + here.thread / sum_lanes, by_segments);
}
ADABELIEF_INLINE unsigned lane_of(const Here& here) { return here.thread % sum_lanes; }

/** Partial sums of what `sum_of` says, a thread a lane. */
ADABELIEF_INLINE void sum_lane(const Launch& launch, const Here& here) {
  const DevicePiece piece = launch.pieces[here.block];
  const DeviceRow row = launch.rows[piece.row];
  const SumOf what = launch.sum_of;
  const BlockOfRow mine = block_of_lane(row, piece, here, what == SumOf::prepared);
  if (!mine.exists) return;
  const unsigned lane = lane_of(here);
  const Factors factors = launch.steps ? factors_of(launch, launch.steps[row.number]) : factors_of(launch);
  const auto gradient = [&](uint64_t i, float mean) { return prepared(with_mean(factors, mean), row.grad[i], row.data[i]); };
  switch (what) {
    case SumOf::squares_of_gradients:
      return sum_part(
          launch, mine, lane, [&](uint64_t i) { return row.grad[i] * factors.scale; }, PlusSquare{});
    case SumOf::squares_of_data:
      return sum_part(
          launch, mine, lane, [&](uint64_t i) { return row.data[i]; }, PlusSquare{});
    case SumOf::squares_of_prepared:
      return sum_part(
          launch, mine, lane, [&](uint64_t i) { return gradient(i, mean_of(launch, row, i)); }, PlusSquare{});
    case SumOf::prepared:
      return sum_part(
          launch, mine, lane, [&](uint64_t i) { return gradient(i, 0); }, Plus{});
  }
}

/** Partial sums of the directions in which a variant is about to step, a thread a lane. `live`: as the device found it for the
 * step of the row. */
template <class F, int variant, bool live>
ADABELIEF_INLINE void sum_lane_of_directions(const Launch& launch, const Here& here) {
  const DevicePiece piece = launch.pieces[here.block];
  const DeviceRow row = launch.rows[piece.row];
  const BlockOfRow mine = block_of_lane(row, piece, here, true);
  if (!mine.exists || (live && launch.steps[row.number].variant != launch.variant)) return;
  const float* own = live ? launch.steps[row.number].coefficients + common_coefficients : launch.coefficients;
  const auto c = struct_of<typename F::Coefficients>(own);
  const auto direction = [&](uint64_t i) {
    return F::template direction<variant>(c, row.data[i], row.state[0][i], row.state[1][i]);
  };
  sum_part(launch, mine, lane_of(here), direction, Plus{});
}

/** The block of a thread that takes whole blocks: the first threads of a piece do. */
ADABELIEF_INLINE BlockOfRow block_of_thread(const DeviceRow& row, const DevicePiece& piece, const Here& here, bool by_segments) {
  BlockOfRow mine = block_of(row, piece.begin + here.thread, by_segments);
  mine.exists = mine.exists && here.thread < blocks_of_piece;
  return mine;
}

/** Adds up the lanes of a block, a thread a block. */
ADABELIEF_INLINE void fold_block(const Launch& launch, const Here& here) {
  const DevicePiece piece = launch.pieces[here.block];
  const DeviceRow row = launch.rows[piece.row];
  const BlockOfRow mine = block_of_thread(row, piece, here, launch.sum_of == SumOf::prepared);
  if (!mine.exists || !in_lanes(mine.cut)) return;
  double sums[sum_lanes];
  ADABELIEF_LANES
  for (size_t k = 0; k < sum_lanes; ++k) sums[k] = launch.partials[mine.partials + k];
  launch.sums[mine.place] = folded(sums);
}

/** Adds up `number(i)` for all i in order. Each batch is loaded while the one before it is added, because an addition waits for
 * the last one. */
template <class Number>
ADABELIEF_INLINE double sum_in_order(uint64_t count, const Number& number) {
  constexpr int batch = 16;
  double sum = number(0), loaded[batch], next[batch];
  const auto load = [&](double(&into)[batch], uint64_t from) {
    ADABELIEF_LANES
    for (int k = 0; k < batch; ++k) into[k] = number(from + k);
    ADABELIEF_LOADED();
  };
  const uint64_t batches = (count - 1) / batch;
  if (batches > 0) load(loaded, 1);
  for (uint64_t i = 0; i < batches; ++i) {
    load(next, 1 + (i + 1 < batches ? i + 1 : i) * batch);
#pragma unroll
    for (int k = 0; k < batch; ++k) sum += loaded[k];
    ADABELIEF_LANES
    for (int k = 0; k < batch; ++k) loaded[k] = next[k];
  }
  for (uint64_t i = 1 + batches * batch; i < count; ++i) sum += number(i);
  return sum;
}

/** Adds up the blocks of a segment into the first of them, and finds the mean where it is wanted. The thread of the first block
 * does. */
ADABELIEF_INLINE void sum_segment(const Launch& launch, const Here& here) {
  const DevicePiece piece = launch.pieces[here.block];
  const DeviceRow row = launch.rows[piece.row];
  const BlockOfRow mine = block_of_thread(row, piece, here, launch.sum_of == SumOf::prepared);
  if (!mine.exists) return;
  const uint64_t blocks = mine.cut.blocks();
  if (mine.number % blocks != 0) return;
  const double sum = sum_in_order(blocks, [&](uint64_t k) { return launch.sums[mine.place + k]; });
  launch.sums[mine.place] = sum;
  if (!launch.new_means) return;
  launch.new_means[row.segments + mine.number / blocks] = static_cast<float>(sum / static_cast<double>(mine.cut.segment));
}

/** Finds the norm of all gradients from the sums of their tensors, in the order of the table, and the factor that clips it. One
 * thread does. */
ADABELIEF_INLINE void find_clip(const Launch& launch, const Here& here) {
  if (here.block != 0 || here.thread != 0) return;
  const auto tensor = [&](uint64_t k) { return launch.tensors ? launch.tensors[k] : launch.rows[k].tensor; };
  const double norm = square_root(sum_in_order(launch.count, [&](uint64_t k) { return launch.sums[tensor(k)]; }));
  launch.slot->norm = norm;
  launch.slot->clip = launch.max_norm >= 0 ? static_cast<float>(clip_coefficient(norm, launch.max_norm)) : launch.factors.clip;
  launch.slot->skipped = launch.skips != 0 && !(norm < HUGE_VAL) ? 1.0f : 0.0f;
}

}  // namespace ADABELIEF_SET
}  // namespace adabelief
