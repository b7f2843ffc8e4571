#include "row_list.h"

namespace adabelief {

namespace {

bool sums_by_tensors(const Needs& needs) { return needs.squares || needs.norms; }

}  // namespace

DeviceRow RowList::describe(const Plan& plan, std::size_t row) {
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

void RowList::make(const Plan& plan, int place) {
  clear();
  plan.each_active([&](std::size_t row) {
    const Row& tensor = plan.rows()[row];
    if (tensor.place != place || tensor.span.length == 0 || tensor.touched) return;
    add(describe(plan, row), row, {plan.request().set_of_row[row], false}, sums_by_tensors(plan.needs()));
  });
  cut_sets(plan, false);
}

void RowList::clear() {
  rows_.clear();
  table_rows_.clear();
  kinds_.clear();
  pieces_.clear();
  sets_.clear();
  segment_partials_ = tensor_partials_ = 0;
}

/** Sums by tensors and by segments take turns in the same memory. */
void RowList::add(DeviceRow row, std::size_t table_row, Kind kind, bool by_tensors) {
  row.segment_partials = segment_partials_;
  row.tensor_partials = tensor_partials_;
  if (in_lanes(row.cut)) segment_partials_ += row.cut.all_blocks();
  if (by_tensors && in_lanes(whole(row))) tensor_partials_ += whole(row).all_blocks();
  rows_.push_back(row);
  table_rows_.push_back(table_row);
  kinds_.push_back(kind);
}

void RowList::cut_sets(const Plan& plan, bool touched) {
  std::vector<Kind> kinds(kinds_);
  const auto before = [](const Kind& a, const Kind& b) { return a.set != b.set ? a.set < b.set : a.counted < b.counted; };
  std::sort(kinds.begin(), kinds.end(), before);
  kinds.erase(std::unique(kinds.begin(), kinds.end()), kinds.end());
  for (const Kind& kind : kinds) {
    if (kind == of_no_set) continue;
    const std::uint64_t piece = piece_length(elements_of(kind));
    const Pieces elements = cut(kind, piece, [](const DeviceRow& row) { return row.cut.length; });
    const Pieces tensors = sums_by_tensors(plan.needs()) && !touched
                               ? cut(kind, blocks_of_piece, [](const DeviceRow& row) { return whole(row).all_blocks(); })
                               : Pieces{};
    const Pieces segments = cut(kind, blocks_of_piece, [](const DeviceRow& row) { return row.cut.all_blocks(); });
    const Pieces rows = plan.capturable() ? cut(kind, 1, [](const DeviceRow&) { return std::uint64_t{1}; }) : Pieces{};
    sets_.push_back({kind.set, touched, kind.counted, piece, elements, tensors, segments, rows});
  }
}

std::uint64_t RowList::elements_of(Kind kind) const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < rows_.size(); ++i) sum += kinds_[i] == kind ? rows_[i].cut.length : 0;
  return sum;
}

}  // namespace adabelief
