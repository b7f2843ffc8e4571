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

  /** The rows on the list that have a sparse gradient. */
  const std::vector<std::size_t>& touched() const { return touched_; }
  std::size_t count() const { return begins_.empty() ? 0 : begins_.size() - 1; }
  /** Of all rows on the list. */
  std::size_t elements() const { return elements_; }

  /**
   * Calls `visit(row, begin, length, ahead)` for the pieces of some chunks. A piece is as long as `most(row, begin)` allows.
   * `ahead` is what the same thread is likely to need next. Of a tensor with a sparse gradient a piece lies in one row, and
   * `visit` gets its place as well.
   */
  template <class Most, class Visit>
  void each_piece(const Plan& plan, Chunks chunks, const Most& most, const Visit& visit) const;

 private:
  /** The beginning of a chunk. It ends where the next one begins. */
  struct Begin {
    std::size_t place;  // in `rows_`
    std::size_t offset;
  };

  template <class Visit>
  static void each_touched(const Row& tensor, std::size_t row, std::size_t from, std::size_t to, std::size_t longest,
                           const Visit& visit);
  static Ahead ahead_in(const Row& tensor, const TouchedRows::Place& at);

  std::vector<std::size_t> rows_, touched_;
  std::vector<Begin> begins_;  // with the end of the last chunk
  std::size_t elements_ = 0;
};

template <class Visit>
void ChunkList::each_touched(const Row& tensor, std::size_t row, std::size_t from, std::size_t to, std::size_t longest,
                             const Visit& visit) {
  const TouchedRows& touched = *tensor.touched;
  for (TouchedRows::Place at = touched.place(from); from < to;) {
    const std::size_t length = std::min({longest, touched.rest(at), to - from});
    visit(row, from, length, ahead_in(tensor, at), at);
    touched.advance(at, length);
    from += length;
  }
}

template <class Most, class Visit>
void ChunkList::each_piece(const Plan& plan, Chunks chunks, const Most& most, const Visit& visit) const {
  const Begin begin = begins_[chunks.begin], end = begins_[chunks.end];
  for (std::size_t place = begin.place; place < rows_.size() && place <= end.place; ++place) {
    const std::size_t row = rows_[place];
    const Row& tensor = plan.rows()[row];
    std::size_t from = place == begin.place ? begin.offset : 0;
    if (tensor.touched) {
      each_touched(tensor, row, from, place == end.place ? end.offset : tensor.length(), most(row, from), visit);
      continue;
    }
    const Span& span = tensor.span;
    const std::size_t to = place == end.place ? end.offset : span.length;
    const bool last = place == end.place || (place + 1 == end.place && end.offset == 0);
    while (from < to) {
      const std::size_t length = std::min(most(row, from), to - from), after = from + length;
      Ahead ahead{};
      const bool ours = !last || after < to || chunks.more;  // otherwise another thread is about to write what comes next
      if (ours && after < span.length) {
        ahead = addresses_from(span, after);
      } else if (ours && place + 1 < rows_.size()) {
        ahead = addresses_from(plan.rows()[rows_[place + 1]].span, 0);
      }
      visit(row, from, length, ahead);
      from = after;
    }
  }
}

}  // namespace adabelief
