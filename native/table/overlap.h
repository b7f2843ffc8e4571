// Which memory must be disjoint, and whether it is.
#pragma once

#include <cstdint>
#include <vector>

#include "row.h"

namespace adabelief {

/** A piece of memory, and whose it is. */
struct Interval {
  std::uintptr_t begin, end;
  int row;
  Role role;
};

/** Two pieces of memory that must be disjoint and are not. */
struct Overlap {
  bool found;
  int row, other_row;
  Role role, other_role;
};

/** Sorts intervals by their beginning; finds two that overlap. */
Overlap sort_disjoint(std::vector<Interval>& intervals);

/** Calls `visit(begin, bytes, role)` for the memory of a row that a step writes. */
template <class Visit>
void each_written(const Row& row, const Visit& visit) {
  const Span& span = row.span;
  if (span.length == 0) return;
  const std::size_t bytes = span.length * sizeof(float), of_state = span.length * size_of(span.state_type);
  visit(span.data, bytes, Role::data);
  if (span.out != span.data) visit(span.out, bytes, Role::out);
  for (int k = 0; k < row.states; ++k) visit(span.state[k], of_state, static_cast<Role>(static_cast<int>(Role::state) + k));
  if (row.slow) visit(row.slow, bytes, Role::slow);
  if (row.ema) visit(row.ema, bytes, Role::ema);
}

/** The memory that a step writes, and the parameters that it leaves alone. All of it must be disjoint. */
class WritableMemory {
 public:
  void reserve(std::size_t rows) { intervals_.reserve(rows * (4 + max_states)); }
  std::size_t bytes() const { return intervals_.capacity() * sizeof(Interval); }

  void clear() { intervals_.clear(); }
  void add(int row, const Row& memory);
  /** Ends the list; finds any overlap within it. */
  Overlap finish() { return sort_disjoint(intervals_); }
  /** A gradient may share memory with other gradients, and with nothing on this list. */
  Overlap find_gradient(int row, const Row& memory) const;

 private:
  std::vector<Interval> intervals_;  // sorted after `finish`
};

}  // namespace adabelief
