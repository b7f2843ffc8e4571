// What a kernel is told: plain data, written by the host and read on the device, and the names of the kernels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "../cpu/kernel.h"

namespace adabelief {

/** One tensor on a device: a row of a table there. */
struct DeviceRow {
  const float* data;
  float* out;
  const float* grad;
  float* state[max_states];
  float* slow;
  std::uint64_t length;
  std::uint64_t segment;      // how many elements share a mean; 0: none do
  std::uint64_t mean_blocks;  // by segment
  std::uint64_t means;        // where the sums of its segments' blocks begin
  std::uint64_t norms;        // where the sums of the whole tensor's blocks begin
};

/** What a block of threads works on: elements of a row from `begin` on, or blocks to be summed, numbered from `begin` on. */
struct DevicePiece {
  std::uint64_t row;
  std::uint64_t begin;
};

/** The elements of a piece at most, and the threads that share it: each takes four elements at a time. */
constexpr std::uint64_t piece_length = 4096;
constexpr unsigned piece_threads = 256;

/** What is to be summed over the blocks of a piece, one thread each. */
enum class SumOf : std::int32_t { squares_of_gradients, squares_of_data, squares_of_prepared, prepared };

/** The argument of every kernel. A launch covers all rows with one set of coefficients. */
struct Launch {
  const DeviceRow* rows;
  const DevicePiece* pieces;  // as many as there are blocks of threads
  const double* means;        // sums that rows[].means points into; null: nothing is centralized
  const double* data_norms;   // sums of squares that rows[].norms points into
  const double* grad_norms;
  double* sums;  // what kernels that sum write
  SumOf sum_of;
  std::int32_t stages;
  Factors factors;  // but for the mean
  float alpha;
  float coefficients[max_coefficients - common_coefficients];  // the formula's
};

/** The kernels are function templates over the formula's place in its list and its variant; these are their linker names. */
enum class DeviceKernel { update, sum_directions };
constexpr std::size_t kernel_name_length = 96;

inline void write_kernel_name(char (&name)[kernel_name_length], DeviceKernel kernel, int formula, int variant) {
  const char* function = kernel == DeviceKernel::update ? "6update" : "14sum_directions";
  std::snprintf(name, sizeof name, "_ZN9adabelief6device%sILi%dELi%dEEEvNS_6LaunchE", function, formula, variant);
}

/** Adds up prepared gradients and their like by blocks; then the blocks of a segment, in their order. */
constexpr const char* sum_blocks_name = "_ZN9adabelief6device10sum_blocksENS_6LaunchE";
constexpr const char* sum_segments_name = "_ZN9adabelief6device12sum_segmentsENS_6LaunchE";

}  // namespace adabelief
