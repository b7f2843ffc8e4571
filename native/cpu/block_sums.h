// Sums of blocks, shared out among the threads of the pool.
#pragma once

#include <cstddef>
#include <vector>

#include "../core/reduction.h"
#include "thread_pool.h"

namespace adabelief {

/** What is summed over some rows of a layout: one call for each block, or for several short segments. */
class BlockSums {
 public:
  /** Sums `length` elements of a row, at most `reduction_block`; `after` more of the row are likely to be next. Called on several
   * threads at once. */
  using Sum = double (*)(const void* context, std::size_t row, std::size_t begin, std::size_t length, std::size_t after);

  void clear() { parts_.clear(); }
  void add(std::size_t row, const Cut& cut, std::size_t first);
  /** Sums every block into its place. */
  void run(int threads, Sum sum, const void* context, double* sums) const;

 private:
  /** What one call of a chunk sums: some whole segments, or a block of one. */
  struct Part {
    std::size_t row, begin, end;
    std::size_t segment, length;  // of the row
    std::size_t place;            // of the first sum
  };
  struct Run;

  static void run_parts(const void* run, Chunks parts);

  std::vector<Part> parts_;
};

}  // namespace adabelief
