// The host's rows at work, laid end to end and cut into chunks of about one size: a large row into many, many small rows into
// one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../table/plan.h"
#include "thread_pool.h"

namespace adabelief {

class ChunkList {
 public:
  void cut(const Plan& plan);

  /** The rows on the list. */
  const std::vector<std::size_t>& rows() const { return rows_; }
  std::size_t count() const { return begins_.empty() ? 0 : begins_.size() - 1; }
  /** Of all rows on the list. */
  std::size_t elements() const { return elements_; }

  /**
   * Calls `visit(row, begin, length, ahead)` for the pieces of some chunks. A piece is as long as `most(row, begin)` allows, and
   * lies in one row of those that a sparse gradient touches. `ahead` is what the same thread is likely to need next.
   */
  template <class Most, class Visit>
  void each_piece(const Plan& plan, Chunks chunks, const Most& most, const Visit& visit) const;

 private:
  /** The beginning of a chunk. It ends where the next one begins. */
  struct Begin {
    std::size_t place;  // in `rows_`
    std::size_t offset;
  };

  static std::size_t longest_piece(const Row& row, std::size_t most, std::size_t from);
  static Ahead ahead_in(const Row& row, std::size_t from);

  std::vector<std::size_t> rows_;
  std::vector<Begin> begins_;  // with the end of the last chunk
  std::size_t elements_ = 0;
};

inline std::size_t ChunkList::longest_piece(const Row& row, std::size_t most, std::size_t from) {
  return row.touched ? std::min(most, row.touched->rest(row.touched->place(from))) : most;
}

template <class Most, class Visit>
void ChunkList::each_piece(const Plan& plan, Chunks chunks, const Most& most, const Visit& visit) const {
  const Begin begin = begins_[chunks.begin], end = begins_[chunks.end];
  for (std::size_t place = begin.place; place < rows_.size() && place <= end.place; ++place) {
    const std::size_t row = rows_[place];
    const Row& tensor = plan.rows()[row];
    const std::size_t to = place == end.place ? end.offset : tensor.length();
    const bool last = place == end.place || (place + 1 == end.place && end.offset == 0);
    for (std::size_t from = place == begin.place ? begin.offset : 0; from < to;) {
      const std::size_t length = std::min(longest_piece(tensor, most(row, from), from), to - from), after = from + length;
      Ahead ahead{};
      const bool ours = !last || after < to || chunks.more;  // otherwise another thread is about to write what comes next
      if (tensor.touched) {
        ahead = ahead_in(tensor, from);
      } else if (ours && after < tensor.span.length) {
        ahead = addresses_from(tensor.span, after);
      } else if (ours && place + 1 < rows_.size()) {
        ahead = addresses_from(plan.rows()[rows_[place + 1]].span, 0);
      }
      visit(row, from, length, ahead);
      from = after;
    }
  }
}

}  // namespace adabelief
