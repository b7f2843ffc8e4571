#include "touched_list.h"

#include <cstring>

namespace adabelief {

namespace {

/** Calls `visit(row)` for the rows of a place that have elements at work by a sparse gradient. */
template <class Visit>
void each_touched(const Plan& plan, int place, const Visit& visit) {
  for (const std::size_t row : plan.touched()) {
    if (plan.rows()[row].place == place && plan.rows()[row].length() > 0) visit(row);
  }
}

std::size_t floats_of_sums(const TouchedRows& touched) { return touched.repeated() * touched.width(); }

/** A tensor from an element on. */
DeviceRow from(DeviceRow tensor, std::size_t element) {
  const auto move = [element](auto*& array) {
    if (array) array = element_of(array, element);
  };
  move(tensor.data);
  move(tensor.out);
  for (float*& state : tensor.state) move(state);
  move(tensor.slow);
  move(tensor.ema);
  return tensor;
}

template <class T>
void point(T*& pointer, cu::Pointer at) {
  pointer = reinterpret_cast<T*>(at);
}

}  // namespace

std::size_t TouchedList::sums(const Plan& plan, int place) {
  std::size_t floats = 0;
  each_touched(plan, place, [&](std::size_t row) { floats += floats_of_sums(*plan.rows()[row].touched); });
  return floats;
}

void TouchedList::clear() {
  RowList::clear();
  blocks_.clear();
  spans_.clear();
  repeated_.clear();
  sources_.clear();
  tensors_.clear();
  steps_.clear();
  variants_.clear();
  image_.clear();
  repeated_pieces_ = block_pieces_ = {};
}

void TouchedList::make(const Plan& plan, int place, float* sums) {
  clear();
  each_touched(plan, place, [&](std::size_t row) {
    TouchedRows& touched = *plan.rows()[row].touched;
    touched.use_sums(sums);
    add_repeated(touched, sums);
    sums = element_of(sums, floats_of_sums(touched));
    add_rows(plan, row);
  });
  if (empty()) return;
  if (plan.needs().squares) {
    each_touched(plan, place, [&](std::size_t row) { add_tensor(plan, row); });
    plan.each_active([&](std::size_t row) {
      const bool here = plan.rows()[row].place == place && plan.tensors().has(row);
      if (here) tensors_.push_back(plan.tensors().first(row));
    });
  }
  cut_all(plan);
  if (!variants_.empty()) list_steps(plan);
  pack();
}

/** Touched rows that follow one another, with gradients that do, are one row to the kernels. */
void TouchedList::add_rows(const Plan& plan, std::size_t row) {
  const TouchedRows& touched = *plan.rows()[row].touched;
  const std::size_t width = touched.width();
  const DeviceRow tensor = describe(plan, row);
  const Kind kind{plan.request().set_of_row[row], touched.has_sets()};
  DeviceRow run{};
  std::size_t number = 0, after = 0;
  std::int32_t set_of_run = -1;
  const auto end = [&] {
    if (run.cut.length == 0) return;
    add(run, row, kind, false);
    if (kind.counted) variants_.emplace_back(kind.set, plan.set(set_of_run).variant);
  };
  touched.each_row([&](std::size_t at, const float* grad, std::int32_t set) {
    const bool follows = at == after && set == set_of_run && grad == element_of(run.grad, run.cut.length);
    if (run.cut.length == 0 || !follows) {
      end();
      run = from(tensor, at * width);
      run.grad = grad;
      run.cut.length = 0;
      run.segments += number * run.cut.blocks();
      if (touched.has_sets()) run.number = static_cast<std::uint64_t>(set);
    }
    run.cut.length += width;
    ++number;
    after = at + 1;
    set_of_run = set;
  });
  end();
}

void TouchedList::add_repeated(const TouchedRows& touched, float* sums) {
  touched.each_repeated([&](std::size_t begin, std::size_t end) {
    repeated_.push_back({sums, touched.width(), sources_.size(), end - begin});
    for (std::size_t i = begin; i < end; ++i) sources_.push_back(touched.source(i));
    sums = element_of(sums, touched.width());
  });
}

/** Adds the blocks of a tensor that its gradient touches, as a row of which only sums are made. */
void TouchedList::add_tensor(const Plan& plan, std::size_t row) {
  const TouchedRows& touched = *plan.rows()[row].touched;
  DeviceRow blocks = describe(plan, row);
  blocks.cut = {touched.blocks() * reduction_block, 0};
  add(blocks, row, of_no_set, true);
  for (std::size_t block = 0; block < touched.blocks(); ++block) {
    const std::size_t begin = spans_.size();
    touched.each_in_block(block, [&](std::size_t within, const float* grad, std::size_t length) {
      spans_.push_back({grad, static_cast<std::uint32_t>(within), static_cast<std::uint32_t>(length)});
    });
    blocks_.push_back({begin, spans_.size()});
  }
}

void TouchedList::cut_all(const Plan& plan) {
  cut_sets(plan, true);
  block_pieces_ = cut(of_no_set, blocks_of_piece, [](const DeviceRow& row) { return whole(row).all_blocks(); });
  repeated_pieces_.begin = pieces_.size();
  for (std::size_t k = 0; k < repeated_.size(); ++k) {
    for (std::uint64_t at = 0; at < repeated_[k].length; at += small_piece) pieces_.push_back({k, at});
  }
  repeated_pieces_.count = pieces_.size() - repeated_pieces_.begin;
}

/** What rows with sets of their own are updated by, in the form of what a device finds for itself. */
void TouchedList::list_steps(const Plan& plan) {
  for (const PlannedSet& set : plan.sets()) {
    RowStep step{0, set.variant, set.stages, {}};
    std::copy_n(set.coefficients - common_coefficients, max_coefficients, step.coefficients);
    steps_.push_back(step);
  }
  std::sort(variants_.begin(), variants_.end());
  variants_.erase(std::unique(variants_.begin(), variants_.end()), variants_.end());
}

template <class T>
std::size_t TouchedList::pack(const std::vector<T>& items) {
  static_assert(sizeof(T) % 8 == 0, "what follows is aligned");
  const std::size_t at = image_.size(), bytes = items.size() * sizeof(T);
  image_.resize(at + bytes);
  if (bytes > 0) std::memcpy(image_.data() + at, items.data(), bytes);
  return at;
}

void TouchedList::pack() {
  at_ = {pack(rows_), pack(pieces_), pack(blocks_), pack(spans_), pack(repeated_), pack(sources_), pack(tensors_), pack(steps_)};
}

void TouchedList::place(Launch& launch, cu::Pointer base) const {
  point(launch.rows, base + at_.rows);
  point(launch.pieces, base + at_.pieces);
  point(launch.touched_blocks, base + at_.blocks);
  point(launch.touched_spans, base + at_.spans);
  point(launch.repeated, base + at_.repeated);
  point(launch.sources, base + at_.sources);
  point(launch.tensors, base + at_.tensors);
}

void TouchedList::place_steps(Launch& launch, cu::Pointer base) const {
  point(launch.steps, base + at_.steps);
  launch.table_rows = steps_.size();
}

}  // namespace adabelief
