#include "row_list.h"

#include <algorithm>

namespace adabelief {

namespace {

bool sums_by_tensors(const Needs& needs) { return needs.squares || needs.norms; }

DeviceRow describe(const Plan& plan, std::size_t row) {
  const Span& span = plan.rows()[row].span;
  DeviceRow result{span.data, span.out, span.grad, {}, plan.rows()[row].slow, plan.rows()[row].ema, {span.length, 0}, 0,
                   0,         0,        0,         row};
  std::copy_n(span.state, max_states, result.state);
  const Needs& needs = plan.needs();
  if ((needs.means || needs.directions) && plan.segments().has(row)) {
    result.cut = plan.segments().cut(row);
    result.segments = plan.segments().first(row);
  }
  if (sums_by_tensors(needs)) result.tensor = plan.tensors().first(row);
  return result;
}

}  // namespace

void RowList::make(const Plan& plan, int place) {
  rows_.clear();
  table_rows_.clear();
  set_of_row_.clear();
  pieces_.clear();
  sets_.clear();
  segment_partials_ = tensor_partials_ = 0;
  for (std::size_t row = 0; row < plan.rows().size(); ++row) {
    if (!plan.active(row) || plan.rows()[row].place != place || plan.rows()[row].span.length == 0) continue;
    rows_.push_back(with_partials(describe(plan, row), plan.needs()));
    table_rows_.push_back(row);
    set_of_row_.push_back(plan.request().set_of_row[row]);
  }
  std::vector<int> sets(set_of_row_);
  std::sort(sets.begin(), sets.end());
  sets.erase(std::unique(sets.begin(), sets.end()), sets.end());
  for (const int set : sets) {
    const std::uint64_t piece = piece_length(elements_of(set));
    const Pieces elements = cut(set, piece, [](const DeviceRow& row) { return row.cut.length; });
    const Pieces tensors = sums_by_tensors(plan.needs())
                               ? cut(set, blocks_of_piece, [](const DeviceRow& row) { return whole(row).all_blocks(); })
                               : Pieces{};
    const Pieces segments = cut(set, blocks_of_piece, [](const DeviceRow& row) { return row.cut.all_blocks(); });
    const Pieces rows = plan.capturable() ? cut(set, 1, [](const DeviceRow&) { return std::uint64_t{1}; }) : Pieces{};
    sets_.push_back({set, piece, elements, tensors, segments, rows});
  }
}

/** A row with room for the partial sums of its blocks. Sums by tensors and by segments take turns in the same memory. */
DeviceRow RowList::with_partials(DeviceRow row, const Needs& needs) {
  row.segment_partials = segment_partials_;
  row.tensor_partials = tensor_partials_;
  if (in_lanes(row.cut)) segment_partials_ += row.cut.all_blocks();
  if (sums_by_tensors(needs) && in_lanes(whole(row))) tensor_partials_ += whole(row).all_blocks();
  return row;
}

std::uint64_t RowList::elements_of(int set) const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < rows_.size(); ++i) sum += set_of_row_[i] == set ? rows_[i].cut.length : 0;
  return sum;
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
