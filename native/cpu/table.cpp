#include "table.h"

#include <algorithm>

#include "team.h"

namespace adabelief {

namespace {

std::uintptr_t address(const float* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

constexpr Overlap none{false, 0, 0, Role::data, Role::data};

}  // namespace

Table::Table(const char* formula) {
  const Backend& backend = current_backend();
  formula_ = find_formula(backend, formula) - backend.loops->formulas;
}

void Table::resize(int rows) {
  rows_.resize(static_cast<std::size_t>(rows));
  writable_.reserve(rows_.size() * (3 + max_states));  // so that a step allocates nothing
  changed_ = true;
}

void Table::shape(int row, int dimensions, std::size_t first) {
  Row& target = rows_[static_cast<std::size_t>(row)];
  target.dimensions = dimensions;
  target.first = first;
}

void Table::bind(int row, const Span& span, int states, float* slow, int device) {
  Row& target = rows_[static_cast<std::size_t>(row)];
  target.span = span;
  target.states = states;
  target.slow = slow;
  target.bound = true;
  target.device = device;
  changed_ = devices_changed_ = true;
  if (device != host) on_devices_ = true;
}

void Table::bind_grad(int row, const float* grad) {
  Row& target = rows_[static_cast<std::size_t>(row)];
  target.span.grad = grad;
  target.grad_changed = true;
  if (target.device != host) devices_changed_ = true;
}

/** Sorts what a step writes (or, being a parameter, must be left alone by every other row) and finds any overlap within it. */
Overlap Table::index_writable() {
  writable_.clear();
  for (int i = 0; i < rows(); ++i) {
    const Row& row = rows_[static_cast<std::size_t>(i)];
    if (!row.present || row.span.length == 0) continue;
    const std::size_t bytes = row.span.length * sizeof(float);
    const auto add = [&](const float* begin, Role role) {
      writable_.push_back({address(begin), address(begin) + bytes, i, role});
    };
    add(row.span.data, Role::data);
    if (row.span.out != row.span.data) add(row.span.out, Role::out);
    for (int k = 0; k < row.states; ++k) add(row.span.state[k], static_cast<Role>(static_cast<int>(Role::state) + k));
    if (row.slow) add(row.slow, Role::slow);
  }
  std::sort(writable_.begin(), writable_.end(), [](const Interval& a, const Interval& b) { return a.begin < b.begin; });
  for (std::size_t i = 1; i < writable_.size(); ++i) {
    const Interval &a = writable_[i - 1], &b = writable_[i];
    if (b.begin < a.end) return {true, a.row, b.row, a.role, b.role};
  }
  return none;
}

/** A gradient may share memory with another gradient, and with nothing that a step writes. */
Overlap Table::find_overlap(int row) const {
  const Span& span = rows_[static_cast<std::size_t>(row)].span;
  if (span.length == 0) return none;
  const std::uintptr_t begin = address(span.grad), end = begin + span.length * sizeof(float);
  const auto after = std::lower_bound(writable_.begin(), writable_.end(), end,
                                      [](const Interval& interval, std::uintptr_t value) { return interval.begin < value; });
  if (after == writable_.begin()) return none;
  const Interval& last = *(after - 1);
  if (last.end <= begin) return none;
  return {true, row, last.row, Role::grad, last.role};
}

/** Notes which rows take part, and checks them where anything about their memory is new. */
Overlap Table::check_active(const Work& work) {
  bool grads_changed = false;
  for (int i = 0; i < rows(); ++i) {
    Row& row = rows_[static_cast<std::size_t>(i)];
    const bool present = work.set_of_row[i] != ignored, active = work.set_of_row[i] >= 0;
    if (row.present != present || row.active != active) changed_ = true;
    row.present = present;
    row.active = active;
    if (active && row.grad_changed) grads_changed = true;
  }
  if (!changed_ && !grads_changed) return none;
  const bool all = changed_;
  if (all) {
    const Overlap overlap = index_writable();
    if (overlap.found) return overlap;
  }
  for (int i = 0; i < rows(); ++i) {
    const Row& row = rows_[static_cast<std::size_t>(i)];
    if (!row.active || !(all || row.grad_changed)) continue;
    const Overlap overlap = find_overlap(i);
    if (!overlap.found) continue;
    changed_ = true;
    return overlap;
  }
  for (Row& row : rows_) {
    if (row.active) row.grad_changed = false;
  }
  if (all) cut();
  changed_ = false;
  return none;
}

bool Table::valid(const Work& work, const Formula& formula) const {
  for (int set = 0; set < work.sets; ++set) {
    if (work.variants[set] < 0 || work.variants[set] >= formula.variants) return false;
  }
  for (int i = 0; i < rows(); ++i) {
    const int set = work.set_of_row[i];
    if (set == ignored) continue;
    const Row& row = rows_[static_cast<std::size_t>(i)];
    if (set < ignored || !row.bound) return false;
    if (set == skipped) continue;
    if (set >= work.sets || row.states < formula.variant[work.variants[set]].states) return false;
    if (row.span.length > 0 && !row.span.grad) return false;
    if ((work.stages[set] & (stage::begin | stage::blend)) != 0 && row.span.length > 0 && !row.slow) return false;
  }
  return true;
}

/** Cuts the active rows, laid end to end, into chunks of about one size: a large row into many, many small rows into one. */
void Table::cut() {
  chunks_.clear();
  elements_ = 0;
  std::size_t room = 0;
  Row* last = nullptr;
  for (int i = 0; i < rows(); ++i) {
    Row& row = rows_[static_cast<std::size_t>(i)];
    if (!row.active || row.device != host) continue;
    row.successor = -1;
    if (last) last->successor = i;
    last = &row;
    elements_ += row.span.length;
    for (std::size_t offset = 0; offset < row.span.length;) {
      if (room == 0) {
        chunks_.push_back({i, offset});
        room = chunk_length;
      }
      const std::size_t taken = std::min(room, row.span.length - offset);
      offset += taken;
      room -= taken;
    }
  }
  chunks_.push_back({rows(), 0});
}

/** What another step, under way on another thread, is using of the memory of the rows at work. */
Overlap Table::find_lease() const {
  if (leases() == 0) return none;
  for (const Interval& interval : writable_) {
    if (!rows_[static_cast<std::size_t>(interval.row)].active) continue;
    if (leased(reinterpret_cast<const void*>(interval.begin), interval.end - interval.begin, true)) {
      return {true, interval.row, interval.row, interval.role, interval.role};
    }
  }
  for (int i = 0; i < rows(); ++i) {
    const Row& row = rows_[static_cast<std::size_t>(i)];
    if (!row.active || !leased(row.span.grad, row.span.length * sizeof(float), false)) continue;
    return {true, i, i, Role::grad, Role::grad};
  }
  return none;
}

Outcome Table::prepare(const Work& work, Overlap& overlap) {
  if (!valid(work, formula())) return Outcome::invalid;
  overlap = check_active(work);
  if (overlap.found) return Outcome::overlap;
  overlap = find_lease();
  if (overlap.found) return Outcome::leased;
  plan(work, formula());
  if (on_devices_) prepare_devices(work, formula());
  return Outcome::done;
}

Outcome Table::step(const Work& work, Overlap& overlap) {
  const Outcome outcome = prepare(work, overlap);
  if (outcome == Outcome::done) run(work, team_threads());
  return outcome;
}

Table::Hold Table::hold() const {
  Hold hold;
  std::vector<Range> read, written;
  const auto keep = [&](const void* memory) {
    if (std::shared_ptr<Block> block = Block::containing(memory)) hold.blocks.push_back(std::move(block));
  };
  for (const Interval& interval : writable_) {
    if (!rows_[static_cast<std::size_t>(interval.row)].active) continue;
    written.push_back({interval.begin, interval.end});
    keep(reinterpret_cast<const void*>(interval.begin));
  }
  for (const Row& row : rows_) {
    if (!row.active || row.span.length == 0) continue;
    read.push_back({address(row.span.grad), address(row.span.grad) + row.span.length * sizeof(float)});
    keep(row.span.grad);
  }
  hold.lease = Lease::take(std::move(read), std::move(written));
  return hold;
}

}  // namespace adabelief
