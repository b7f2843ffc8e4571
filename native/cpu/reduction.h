// Sums over tensors whose bits no number of threads can change. Each row is cut into segments (the whole tensor for a norm, what
// shares the first index for a mean), each segment from its beginning into blocks of one length. Blocks are summed in any order,
// and their sums added up in theirs.
#pragma once

#include <cstddef>
#include <vector>

#include "kernel.h"
#include "team.h"

namespace adabelief {

/** What must be known of whole tensors before, or between, the passes of a step. */
struct Needs {
  bool squares, means, norms, directions;
  bool any() const { return squares || means || norms || directions; }
};

class Reduction {
 public:
  /** Sums `length` elements of a row, at most `reduction_block`; `after` more of the row are likely to be next. Called on several
   * threads at once. */
  using Sum = double (*)(const void* context, int row, std::size_t begin, std::size_t length, std::size_t after);

  /** Begins a plan for so many rows. */
  void clear(int rows);
  /** Adds a row, whose length is a multiple of `segment`. One that is not `here` has its place, but somebody else sums it. */
  void add(int row, std::size_t length, std::size_t segment, bool here = true);
  /** Ends the plan: `run` allocates nothing. */
  void finish() { sums_.resize(count_); }

  /** Sums the blocks of the rows that are here. */
  void sum_blocks(int threads, Sum sum, const void* context);
  /** Adds up the blocks of each segment, in their order. */
  void add_up();
  void run(int threads, Sum sum, const void* context) {
    sum_blocks(threads, sum, context);
    add_up();
  }

  /** How many sums of blocks there are, and where those of a row begin among them. */
  std::size_t count() const { return count_; }
  std::size_t first(int row) const { return places_[static_cast<std::size_t>(row)].first; }
  std::size_t blocks(int row) const { return places_[static_cast<std::size_t>(row)].blocks; }
  double* sums() { return sums_.data(); }

  bool has(int row) const { return places_[static_cast<std::size_t>(row)].segment > 0; }
  std::size_t segment(int row) const { return places_[static_cast<std::size_t>(row)].segment; }
  /** The sum over the segment that an element lies in. */
  double of(int row, std::size_t element) const {
    const Place& place = places_[static_cast<std::size_t>(row)];
    return sums_[place.first + element / place.segment * place.blocks];
  }
  /** The sum over all rows, in their order. */
  double total() const;

 private:
  /** What one call sums: some whole segments, or a block of one. */
  struct Part {
    int row;
    std::size_t begin, end;
    std::size_t sum;
  };
  struct Place {
    std::size_t first = 0, segment = 0, segments = 0, blocks = 0;
  };
  struct Run;

  static void run_parts(const void* run, Chunks parts);

  std::vector<Part> parts_;
  std::vector<Place> places_;  // by row
  std::vector<double> sums_;
  std::size_t count_ = 0;
};

}  // namespace adabelief
