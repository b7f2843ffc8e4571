#include "table.h"

#include "../core/lease.h"

namespace adabelief {

namespace {

constexpr Overlap none{false, 0, 0, Role::data, Role::data};

}  // namespace

Table::Table(int formula) : plan_(rows_, formula) {}

void Table::resize(int rows) {
  rows_.resize(static_cast<std::size_t>(rows));
  standing_.resize(rows_.size());
  writable_.reserve(rows_.size());  // so that a step allocates nothing
  changed_ = true;
  for (auto& [place, seat] : seats_) seat.changes.rows = true;  // their lists may name rows that are gone
}

void Table::shape(int row, int dimensions, std::size_t first) {
  Row& target = rows_[static_cast<std::size_t>(row)];
  target.dimensions = dimensions;
  target.first = first;
}

void Table::bind(int row, const Span& span, int states, float* slow, float* ema, int place) {
  Row& target = rows_[static_cast<std::size_t>(row)];
  if (target.bound) seats_[target.place].changes.rows = true;
  target.span = span;
  target.states = states;
  target.slow = slow;
  target.ema = ema;
  target.place = place;
  target.bound = true;
  seats_[place].changes.rows = true;
  changed_ = true;
}

void Table::bind_grad(int row, const float* grad) {
  const auto index = static_cast<std::size_t>(row);
  rows_[index].span.grad = grad;
  standing_[index].grad_changed = true;
  seats_[rows_[index].place].changes.gradients = true;
}

/** Whether devices have room to find the steps, and every variant that they may find exists. */
bool Table::can_find_steps(const StepRequest& request) const {
  const DeviceSteps& steps = plan_.steps;
  if (!request.live || steps.room_for_rows < rows_.size() || steps.room_for_sets < static_cast<std::size_t>(request.sets)) {
    return false;
  }
  for (int set = 0; set < request.sets; ++set) {
    const LiveSet& live = request.live[set];
    if (live.other < -1 || live.other >= plan_.traits().variants) return false;
    if (live.operations < 0 || live.operations > most_operations) return false;
  }
  return true;
}

bool Table::valid(const StepRequest& request) const {
  const FormulaTraits& formula = plan_.traits();
  if (request.gradients->capturable != 0 && !can_find_steps(request)) return false;
  for (int set = 0; set < request.sets; ++set) {
    if (request.variants[set] < 0 || request.variants[set] >= formula.variants) return false;
  }
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const int set = request.set_of_row[i];
    if (set == ignored) continue;
    const Row& row = rows_[i];
    if (set < ignored || !row.bound) return false;
    if (set == skipped) continue;
    if (set >= request.sets || row.states < formula.variant[request.variants[set]].states) return false;
    if (row.span.length > 0 && !row.span.grad) return false;
    if (row.span.length == 0) continue;
    if ((uses_slow(request.stages[set]) && !row.slow) || (uses_ema(request.stages[set]) && !row.ema)) return false;
  }
  return true;
}

/** Notes which rows take part. Returns whether any gradient of theirs is new. */
bool Table::note_standing(const StepRequest& request) {
  bool grads_changed = false;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    Standing& standing = standing_[i];
    const bool present = request.set_of_row[i] != ignored, active = request.set_of_row[i] >= 0;
    if (standing.present != present || standing.active != active) {
      changed_ = true;
      if (rows_[i].bound) seats_[rows_[i].place].changes.rows = true;
    }
    standing.present = present;
    standing.active = active;
    if (active && standing.grad_changed) grads_changed = true;
  }
  return grads_changed;
}

/** Checks memory for overlap, where anything about it is new. */
Overlap Table::check_overlap() {
  if (changed_) {
    writable_.clear();
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (standing_[i].present) writable_.add(static_cast<int>(i), rows_[i]);
    }
    const Overlap overlap = writable_.finish();
    if (overlap.found) return overlap;
  }
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (!standing_[i].active || !(changed_ || standing_[i].grad_changed)) continue;
    const Overlap overlap = writable_.find_gradient(static_cast<int>(i), rows_[i]);
    if (!overlap.found) continue;
    changed_ = true;
    return overlap;
  }
  for (Standing& standing : standing_) {
    if (standing.active) standing.grad_changed = false;
  }
  if (changed_) take_seats();
  changed_ = false;
  return none;
}

/** Finds which places have rows at work. */
void Table::take_seats() {
  for (auto& [place, seat] : seats_) seat.at_work = false;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (standing_[i].active && rows_[i].span.length > 0) seats_[rows_[i].place].at_work = true;
  }
}

/** Memory at work that another step, under way on another thread, is using. */
Overlap Table::find_lease() const {
  if (leases() == 0) return none;
  for (const Interval& interval : writable_.intervals()) {
    if (!standing_[static_cast<std::size_t>(interval.row)].active) continue;
    if (leased(reinterpret_cast<const void*>(interval.begin), interval.end - interval.begin, true)) {
      return {true, interval.row, interval.row, interval.role, interval.role};
    }
  }
  for (int i = 0; i < rows(); ++i) {
    const Span& span = rows_[static_cast<std::size_t>(i)].span;
    if (!standing_[static_cast<std::size_t>(i)].active || !leased(span.grad, span.length * sizeof(float), false)) continue;
    return {true, i, i, Role::grad, Role::grad};
  }
  return none;
}

Outcome Table::prepare(const StepRequest& request) {
  if (!valid(request)) return {Outcome::invalid, none};
  if (note_standing(request) || changed_) {
    const Overlap overlap = check_overlap();
    if (overlap.found) return {Outcome::overlap, overlap};
  }
  const Overlap lease = find_lease();
  if (lease.found) return {Outcome::leased, lease};
  plan_.make(request);
  prepare_engines();
  return {Outcome::ready, none};
}

void Table::prepare_engines() {
  if (plan_.needs().squares) squares_.resize(plan_.tensors().count());
  for (auto& [place, seat] : seats_) {
    if (!seat.at_work) continue;
    if (!seat.engine) seat.engine = make_engine(place);
    seat.engine->prepare(plan_, seat.changes);
    seat.changes = {false, false};
  }
}

void Table::write_live(const LiveSet* live, std::size_t sets, void* stream) {
  for (auto& [place, seat] : seats_) {
    if (seat.engine && seat.at_work) seat.engine->write_live(plan_, live, sets, stream);
  }
}

void Table::synchronize() {
  for (auto& [place, seat] : seats_) {
    if (seat.engine) seat.engine->wait();
  }
}

void Table::each_memory(const std::function<void(const void*, std::size_t, bool)>& visit) const {
  for (const Interval& interval : writable_.intervals()) {
    if (!standing_[static_cast<std::size_t>(interval.row)].active) continue;
    visit(reinterpret_cast<const void*>(interval.begin), interval.end - interval.begin, true);
  }
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const Span& span = rows_[i].span;
    if (standing_[i].active && span.length > 0) visit(span.grad, span.length * sizeof(float), false);
  }
}

}  // namespace adabelief
