// The names of the kernels, as kernels.cu has them. The build knows which symbols they have: image.h.
#pragma once

#include <string>

namespace adabelief {

/** Kernels that exist for every formula and variant. */
enum class FormulaKernel { update, update_live, sum_directions, sum_directions_live };
constexpr int formula_kernels = 4;

inline std::string name_of(FormulaKernel kernel, int formula, int variant) {
  const char* const functions[formula_kernels] = {"update", "update_live", "sum_directions", "sum_directions_live"};
  const char* function = functions[static_cast<int>(kernel)];
  return std::string(function) + "<" + std::to_string(formula) + ", " + std::to_string(variant) + ">";
}

/** Sums gradients or data by blocks, a lane of a block a thread. */
constexpr const char* sum_blocks_kernel = "sum_blocks";
/** Adds up the lanes of each block. */
constexpr const char* fold_blocks_kernel = "fold_blocks";
/** Adds up the blocks of each segment, in their order. */
constexpr const char* sum_segments_kernel = "sum_segments";

/** Sums the values of the rows that sparse gradients repeat. */
constexpr const char* add_repeated_kernel = "add_repeated";
/** Sums sparse gradients by blocks, a lane of a block a thread. */
constexpr const char* sum_touched_kernel = "sum_touched";

/** Adds up the sums of all rows, and finds the factor that clips. */
constexpr const char* clip_kernel = "clip";

/** Finds the step of each row; counts it. */
constexpr const char *begin_rows_kernel = "begin_rows", *end_rows_kernel = "end_rows";

/** Adds sources to an array; in pairs. */
constexpr const char *accumulate_kernel = "accumulate", *accumulate_pairs_kernel = "accumulate_pairs";
/** Multiplies arrays by a factor. */
constexpr const char* scale_kernel = "scale";

}  // namespace adabelief
