#include "table.h"

namespace adabelief {

namespace {

constexpr Overlap none{false, 0, 0, Role::data, Role::data};

/** In `parts_`: a row that is updated, and one that nothing is known of. */
constexpr std::int32_t active_part = 0, unknown_part = ignored - 1;

std::int32_t part_of(std::int32_t set) { return set < 0 ? set : active_part; }

/** Whether a row has the memory that a set of coefficients needs. */
inline bool fits(const FormulaTraits& formula, const StepRequest& request, const Row& row, int set) {
  if (set < 0 || set >= request.sets || row.states < formula.variant[request.variants[set]].states) return false;
  const std::int32_t stages = request.stages[set];
  return row.span.length == 0 || ((!uses_slow(stages) || row.slow) && (!uses_ema(stages) || row.ema));
}

}  // namespace

Table::Table(int formula) : plan_(rows_, formula) {}

void Table::resize(int rows) {
  touched_.erase(touched_.lower_bound(rows), touched_.end());
  touched_bytes_ = 0;
  for (const auto& [row, touched] : touched_) touched_bytes_ += touched.bytes();
  rows_.resize(static_cast<std::size_t>(rows));
  parts_.assign(rows_.size(), unknown_part);
  active_.clear();
  grad_changed_.resize(rows_.size());
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
  target.touched = nullptr;
  target.states = states;
  target.slow = slow;
  target.ema = ema;
  target.place = place;
  target.bound = true;
  seats_[place].changes.rows = true;
  changed_ = true;
}

void Table::bind_grad(int row, const float* grad) { note_grad(row, grad, nullptr); }

bool Table::bind_sparse(int row, const SparseGradient& gradient) {
  TouchedRows& touched = touched_[row];
  const std::size_t before = touched.bytes();
  const bool taken = touched.take(gradient, rows_[static_cast<std::size_t>(row)].first, width(row), place(row) == host);
  touched_bytes_ += touched.bytes() - before;
  if (taken) note_grad(row, gradient.values, &touched);
  return taken;
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

void Table::note_grad(int row, const float* grad, TouchedRows* touched) {
  const auto index = static_cast<std::size_t>(row);
  Seat& seat = seats_[rows_[index].place];
  if (touched != rows_[index].touched) seat.changes.rows = true;  // the elements at work
  (touched ? seat.changes.touched : seat.changes.gradients) = true;
  rows_[index].span.grad = grad;
  rows_[index].touched = touched;
  grad_changed_[index] = grads_new_ = true;
}

/** Calls `visit(begin, end)` for sixteen rows at a time, but where none of them takes part, as before: these cost no look at
 * them. */
template <class Visit>
void Table::each_at_play(const StepRequest& request, const Visit& visit) const {
  constexpr std::size_t block = 16;
  const std::int32_t *sets = request.set_of_row, *parts = parts_.data();
  std::size_t i = 0;
  for (; i + block <= rows_.size(); i += block) {
    std::int32_t any = 0;
    for (std::size_t k = i; k < i + block; ++k) any |= (sets[k] ^ skipped) | (parts[k] ^ skipped);
    if (any != 0) visit(i, i + block);
  }
  visit(i, rows_.size());
}

bool Table::valid(const StepRequest& request) const {
  const FormulaTraits& formula = plan_.traits();
  if (request.gradients->capturable != 0 && !can_find_steps(request)) return false;
  for (int set = 0; set < request.sets; ++set) {
    if (request.variants[set] < 0 || request.variants[set] >= formula.variants) return false;
  }
  bool fine = true;
  each_at_play(request, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end && fine; ++i) {
      const int set = request.set_of_row[i];
      if (set == ignored || (set == skipped && set == parts_[i])) continue;
      const Row& row = rows_[i];
      fine = set >= skipped && row.bound;
      if (set == skipped || !fine) continue;
      fine =
          fits(formula, request, row, set) && (row.grad_length() == 0 || row.span.grad) && (!row.touched || valid(request, row));
    }
  });
  return fine;
}

/** The same for a row with a sparse gradient. What needs the whole tensor, or repeats the same launches, cannot have one. */
bool Table::valid(const StepRequest& request, const Row& row) const {
  const FormulaTraits& formula = plan_.traits();
  if (formula.norms || request.gradients->capturable != 0) return false;
  for (std::size_t element = 0; row.touched->has_sets() && element < row.length(); element += row.touched->width()) {
    if (!fits(formula, request, row, row.touched->set(row.touched->place(element)))) return false;
  }
  return true;
}

/** Notes which rows take part. Between being updated and being skipped a row's memory stays the same. */
void Table::note_parts(const StepRequest& request) {
  each_at_play(request, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const std::int32_t part = part_of(request.set_of_row[i]);
      if (part == parts_[i]) continue;
      if (part <= ignored || parts_[i] <= ignored) changed_ = true;
      active_changed_ = true;
      parts_[i] = part;
      if (rows_[i].bound) seats_[rows_[i].place].changes.rows = true;
    }
  });
  if (!active_changed_) return;
  active_.clear();
  each_of(
      parts_.size(), [parts = parts_.data()](std::size_t i) { return parts[i] == active_part; },
      [&](std::size_t i) { active_.push_back(i); });
}

void Table::note_touched(const StepRequest& request) {
  active_touched_.clear();
  for (const auto& [row, touched] : touched_) {
    const auto index = static_cast<std::size_t>(row);
    if (rows_[index].touched && request.set_of_row[index] >= 0) active_touched_.push_back(index);
  }
}

/** Checks memory for overlap, where anything about it is new. */
Overlap Table::check_overlap() {
  if (!changed_ && !active_changed_ && !grads_new_) return none;
  const Overlap overlap = find_overlap();
  if (overlap.found) {
    changed_ = true;
    return overlap;
  }
  for (const std::size_t i : active_) grad_changed_[i] = false;
  if (changed_ || active_changed_) take_seats();
  changed_ = active_changed_ = grads_new_ = false;  // a row that is not active is looked at once it is
  return none;
}

Overlap Table::find_overlap() {
  if (changed_) {
    writable_.clear();
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (parts_[i] > ignored) writable_.add(static_cast<int>(i), rows_[i]);
    }
    const Overlap overlap = writable_.finish();
    if (overlap.found) return overlap;
  }
  for (const std::size_t i : active_) {
    if (!changed_ && !active_changed_ && !grad_changed_[i]) continue;
    const Overlap overlap = writable_.find_gradient(static_cast<int>(i), rows_[i]);
    if (overlap.found) return overlap;
  }
  return none;
}

/** Finds which places have rows at work. */
void Table::take_seats() {
  for (auto& [place, seat] : seats_) seat.at_work = false;
  for (const std::size_t i : active_) {
    if (rows_[i].span.length > 0) seats_[rows_[i].place].at_work = true;
  }
}

Outcome Table::prepare(const StepRequest& request) {
  if (!valid(request)) return {Outcome::invalid, none};
  note_parts(request);
  const Overlap overlap = check_overlap();
  if (overlap.found) return {Outcome::overlap, overlap};
  const Overlap lease = find_lease();
  if (lease.found) return {Outcome::leased, lease};
  note_touched(request);
  plan_.make(request, active_touched_);
  prepare_engines();
  return {Outcome::ready, none};
}

void Table::prepare_engines() {
  if (plan_.needs().squares) squares_.resize(plan_.tensors().count());
  for (auto& [place, seat] : seats_) {
    if (!seat.at_work) continue;
    if (!seat.engine) seat.engine = make_engine(place);
    seat.engine->prepare(plan_, seat.changes);
    seat.changes = {false, false, false};
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

std::size_t Table::elements() const {
  std::size_t elements = 0;
  for (const std::size_t i : active_) elements += rows_[i].length();
  return elements;
}

}  // namespace adabelief
