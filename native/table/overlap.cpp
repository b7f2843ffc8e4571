#include "overlap.h"

#include <algorithm>

#include "../core/lease.h"
#include "table.h"

namespace adabelief {

namespace {

constexpr Overlap none{false, 0, 0, Role::data, Role::data};

std::uintptr_t address(const float* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

}  // namespace

Overlap sort_disjoint(std::vector<Interval>& intervals) {
  std::sort(intervals.begin(), intervals.end(), [](const Interval& a, const Interval& b) { return a.begin < b.begin; });
  for (std::size_t i = 1; i < intervals.size(); ++i) {
    const Interval &a = intervals[i - 1], &b = intervals[i];
    if (b.begin < a.end) return {true, a.row, b.row, a.role, b.role};
  }
  return none;
}

void WritableMemory::add(int row, const Row& memory) {
  each_written(memory, [&](const float* begin, std::size_t bytes, Role role) {
    intervals_.push_back({address(begin), address(begin) + bytes, row, role});
  });
}

Overlap WritableMemory::find_gradient(int row, const Row& memory) const {
  const std::size_t length = memory.grad_length();
  if (length == 0) return none;
  const std::uintptr_t begin = address(memory.span.grad), end = begin + length * sizeof(float);
  const auto after = std::lower_bound(intervals_.begin(), intervals_.end(), end,
                                      [](const Interval& interval, std::uintptr_t value) { return interval.begin < value; });
  if (after == intervals_.begin()) return none;
  const Interval& last = *(after - 1);
  if (last.end <= begin) return none;
  return {true, row, last.row, Role::grad, last.role};
}

/** Memory at work that another step, under way on another thread, is using. */
Overlap Table::find_lease() const {
  Overlap found = none;
  if (leases() == 0) return found;
  for (const std::size_t i : active_) {
    const Row& row = rows_[i];
    const auto look = [&](const float* begin, std::size_t bytes, Role role, bool writing) {
      if (found.found || !leased(begin, bytes, writing)) return;
      found = {true, static_cast<int>(i), static_cast<int>(i), role, role};
    };
    each_written(row, [&](const float* begin, std::size_t bytes, Role role) { look(begin, bytes, role, true); });
    look(row.span.grad, row.grad_length() * sizeof(float), Role::grad, false);
    if (found.found) return found;
  }
  return found;
}

}  // namespace adabelief
