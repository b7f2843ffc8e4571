#include "row_list.h"

#include <algorithm>

namespace adabelief {

namespace {

DeviceRow describe(const Plan& plan, std::size_t row) {
  const Span& span = plan.rows()[row].span;
  DeviceRow result{span.data, span.out, span.grad, {}, plan.rows()[row].slow, {span.length, 0}, 0, 0};
  std::copy_n(span.state, max_states, result.state);
  const Needs& needs = plan.needs();
  if ((needs.means || needs.directions) && plan.segments().has(row)) {
    result.cut = plan.segments().cut(row);
    result.segments = plan.segments().first(row);
  }
  if (needs.squares || needs.norms) result.tensor = plan.tensors().first(row);
  return result;
}

}  // namespace

void RowList::make(const Plan& plan, int place) {
  rows_.clear();
  table_rows_.clear();
  set_of_row_.clear();
  pieces_.clear();
  sets_.clear();
  for (std::size_t row = 0; row < plan.rows().size(); ++row) {
    if (!plan.active(row) || plan.rows()[row].place != place || plan.rows()[row].span.length == 0) continue;
    rows_.push_back(describe(plan, row));
    table_rows_.push_back(row);
    set_of_row_.push_back(plan.request().set_of_row[row]);
  }
  std::vector<int> sets(set_of_row_);
  std::sort(sets.begin(), sets.end());
  sets.erase(std::unique(sets.begin(), sets.end()), sets.end());
  for (const int set : sets) {
    const Pieces elements = cut(set, piece_length, [](const DeviceRow& row) { return row.cut.length; });
    const Pieces tensors = cut(set, piece_threads, [](const DeviceRow& row) { return whole(row).all_blocks(); });
    const Pieces segments = cut(set, piece_threads, [](const DeviceRow& row) { return row.cut.all_blocks(); });
    sets_.push_back({set, elements, tensors, segments});
  }
}

/** Cuts each of a set's rows into pieces of `size`, of what `count` counts. */
template <class Count>
Pieces RowList::cut(int set, std::uint64_t size, const Count& count) {
  const std::size_t begin = pieces_.size();
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (set_of_row_[i] != set) continue;
    const std::uint64_t end = count(rows_[i]);
    for (std::uint64_t at = 0; at < end; at += size) pieces_.push_back({i, at});
  }
  return {begin, pieces_.size() - begin};
}

}  // namespace adabelief
