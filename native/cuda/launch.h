// The argument of a kernel: plain data, written by the host and read on the device.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../core/coefficients.h"
#include "../core/program.h"
#include "../core/reduction.h"
#include "../core/span.h"
#include "../table/request.h"
#include "../update/factors.h"

namespace adabelief {

/** One tensor on a device. */
struct DeviceRow {
  const float* data;
  float* out;
  const float* grad;
  float* state[max_states];
  float* slow;
  float* ema;
  Cut cut;                                          // its length, and the segments that share a mean
  std::uint64_t segments;                           // where the sums of its segments' blocks begin, and their means
  std::uint64_t tensor;                             // where the sums of the whole tensor's blocks begin
  std::uint64_t segment_partials, tensor_partials;  // where the partial sums of these blocks begin, in blocks
  std::uint64_t number;                             // in the table
};

/** The blocks of a whole tensor. */
constexpr Cut whole(const DeviceRow& row) { return {row.cut.length, row.cut.length}; }

/** The work of one block of threads: elements of a row from `begin` on, or blocks of its sums from number `begin` on. */
struct DevicePiece {
  std::uint64_t row;
  std::uint64_t begin;
};

/** The values of a touched row that lie in one block of its tensor, from element `within` of the block on. */
struct TouchedSpan {
  const float* grad;
  std::uint32_t within, length;
};

/** A block of a tensor with a sparse gradient: its spans, from number `begin` to `end`. */
struct TouchedBlock {
  std::uint64_t begin, end;
};

/** A row that a sparse gradient repeats: so many sources from number `begin` on are added up. */
struct RepeatedRow {
  float* sum;
  std::uint64_t length, begin, count;
};

/** The threads that share a piece. Each takes four elements at a time. */
constexpr unsigned piece_threads = 256;

/** The elements of a piece: few of a small model, so that all of the device has work; more of a large one, so that there are
 * fewer blocks to start. */
constexpr std::uint64_t small_piece = 1024, large_piece = 4096, large_model = std::uint64_t{4} << 20;
constexpr std::uint64_t piece_length(std::uint64_t elements) { return elements < large_model ? small_piece : large_piece; }

/** The blocks of sums of a piece. The threads of a piece take a lane of a block each. */
constexpr std::uint64_t blocks_of_piece = piece_threads / 16;

/** A block of a shorter segment is summed by one thread: its partial sums would take more memory than its elements. */
constexpr std::uint64_t shortest_in_lanes = 64;
constexpr bool in_lanes(const Cut& cut) { return cut.segment >= shortest_in_lanes; }

/** What is summed over the blocks of a piece. */
enum class SumOf : std::int32_t { squares_of_gradients, squares_of_data, squares_of_prepared, prepared };

/** The argument of every kernel. A launch covers all rows with one set of coefficients. */
struct Launch {
  const DeviceRow* rows;
  const DevicePiece* pieces;  // one for each block of threads
  const float* means;         // of segments, that rows[].segments points into; null: nothing is centralized
  const double* data_norms;   // sums of squares that rows[].tensor points into
  const double* grad_norms;
  NormSlot* slot;       // what clips instead of `factors.clip`; null: nothing does
  double max_norm;      // of the kernel that fills the slot
  std::uint64_t count;  // the number of rows, for that kernel
  // Written by kernels that sum.
  double* partials;  // sixteen a block
  double* sums;
  float* new_means;     // null: only sums are wanted
  std::uint64_t piece;  // the elements of a piece
  SumOf sum_of;
  std::int32_t stages;
  Factors factors;  // apart from the mean
  float alpha, ema_weight;
  float coefficients[max_coefficients - common_coefficients];  // the formula's
  // Where the device finds the steps of its rows: by their numbers in the table. Null: the launch says all of it.
  RowStep* steps;
  double* counts;
  const LiveSet* live;       // the set of the rows
  std::uint64_t table_rows;  // of the table
  std::int32_t variant;      // that a row must have; others are left alone
  std::int32_t one_count;    // 1: all rows have one count
  std::int32_t skips;        // 1: a norm that is not finite leaves the step out
  // Of sparse gradients. The blocks lie like the partial sums of their tensors.
  const TouchedBlock* touched_blocks;
  const TouchedSpan* touched_spans;
  const RepeatedRow* repeated;
  const float* const* sources;
  const std::uint64_t* tensors;  // where the sums of all tensors begin, for the kernel that fills the slot; null: as `rows` say
};

}  // namespace adabelief
