// The argument of a kernel: plain data, written by the host and read on the device.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../core/coefficients.h"
#include "../core/reduction.h"
#include "../core/span.h"
#include "../update/factors.h"

namespace adabelief {

/** One tensor on a device. */
struct DeviceRow {
  const float* data;
  float* out;
  const float* grad;
  float* state[max_states];
  float* slow;
  Cut cut;                 // its length, and the segments that share a mean
  std::uint64_t segments;  // where the sums of its segments' blocks begin
  std::uint64_t tensor;    // where the sums of the whole tensor's blocks begin
};

/** The blocks of a whole tensor. */
constexpr Cut whole(const DeviceRow& row) { return {row.cut.length, row.cut.length}; }

/** The work of one block of threads: elements of a row from `begin` on, or blocks of its sums from number `begin` on. */
struct DevicePiece {
  std::uint64_t row;
  std::uint64_t begin;
};

/** The most elements of a piece, and the threads that share it. Each takes four elements at a time. */
constexpr std::uint64_t piece_length = 4096;
constexpr unsigned piece_threads = 256;

/** What is summed over the blocks of a piece, by one thread each. */
enum class SumOf : std::int32_t { squares_of_gradients, squares_of_data, squares_of_prepared, prepared };

/** The argument of every kernel. A launch covers all rows with one set of coefficients. */
struct Launch {
  const DeviceRow* rows;
  const DevicePiece* pieces;  // one for each block of threads
  const double* means;        // sums that rows[].segments points into; null: nothing is centralized
  const double* data_norms;   // sums of squares that rows[].tensor points into
  const double* grad_norms;
  double* sums;  // written by kernels that sum
  SumOf sum_of;
  std::int32_t stages;
  Factors factors;  // apart from the mean
  float alpha;
  float coefficients[max_coefficients - common_coefficients];  // the formula's
};

}  // namespace adabelief
