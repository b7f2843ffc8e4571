// The rows of a tensor that a sparse gradient touches. A row is all elements that share one index of the first dimension.
//
// Passes see the touched rows as if they lay end to end, each once and in their order. An element's number there is its place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "../core/reduction.h"
#include "../core/span.h"

namespace adabelief {

/** Rows of values, each with the row of the tensor that it belongs to. */
struct SparseGradient {
  const std::uint32_t* rows;
  const std::int32_t* sets;  // of coefficients, by row; null: the tensor's
  std::size_t count;
  const float* values;
};

class TouchedRows {
 public:
  /** An element of a touched row. */
  struct Place {
    std::size_t touched, within;
  };

  /** Takes over the gradient of a tensor of so many rows. It keeps the address of the values, and copies the rest. The sums of
   * repeated rows get memory of the host, unless the values lie elsewhere: then `use_sums` must follow. False: a row is out of
   * range. */
  bool take(const SparseGradient& gradient, std::size_t rows, std::size_t width, bool on_host = true);
  /** Sets where the sums of the repeated rows lie, end to end and in their order. */
  void use_sums(float* sums);

  /** The elements of a row. */
  std::size_t width() const { return width_; }
  /** The elements of all touched rows. */
  std::size_t length() const { return touched_.size() * width_; }
  /** The elements of the gradient, where rows may be repeated. */
  std::size_t values() const { return order_.size() * width_; }

  Place place(std::size_t element) const { return {element / width_, element % width_}; }
  /** The number of an element in the tensor. */
  std::size_t element(const Place& at) const { return touched_[at.touched].row * width_ + at.within; }
  /** Its gradient. Where the row is repeated, it is there after `add_up`. */
  const float* grad(const Place& at) const { return touched_[at.touched].grad + at.within; }
  /** Its row's set of coefficients, where rows have their own. */
  std::int32_t set(const Place& at) const { return touched_[at.touched].set; }
  bool has_sets() const { return has_sets_; }
  /** The elements of its row from it on. */
  std::size_t rest(const Place& at) const { return width_ - at.within; }
  /** Moves on to a later element of its row, or to the row after it. */
  void advance(Place& at, std::size_t elements) const {
    at.within += elements;
    if (at.within == width_) at = {at.touched + 1, 0};
  }
  /** The same element of the touched row that comes so many later; of the last one at most. */
  Place later(const Place& at, std::size_t rows) const {
    return {at.touched + rows < touched_.size() ? at.touched + rows : touched_.size() - 1, at.within};
  }

  /** How many rows are repeated. */
  std::size_t repeated() const { return repeated_.size(); }
  /** Sums the values of some repeated rows, in the order of the gradient. */
  void add_up(std::size_t begin, std::size_t end) const;
  /** Calls `visit(begin, end)` for each repeated row: its values are `source(begin)` and those after it. */
  template <class Visit>
  void each_repeated(const Visit& visit) const;
  const float* source(std::size_t number) const { return element_of(values_, order_[number] * width_); }
  /** Calls `visit(row, grad, set)` for each touched row. */
  template <class Visit>
  void each_row(const Visit& visit) const;

  /** How many blocks of the tensor, of `reduction_block` elements, have a touched row. They are found when they are first asked
   * for, because few steps need them; before threads ask for them. */
  std::size_t blocks() const;
  /** Calls `visit(within, grad, length)` for the pieces of touched rows in a block. */
  template <class Visit>
  void each_in_block(std::size_t block, const Visit& visit) const;

  /** Its own memory. */
  std::size_t bytes() const;

 private:
  struct Touched {
    std::size_t row;
    const float* grad;
    std::int32_t set;
  };
  struct Repeated {
    std::size_t begin, end;  // in `order_`
    std::size_t touched;
  };
  struct Block {
    std::size_t begin;    // in the tensor
    std::size_t touched;  // the first touched row that reaches into it
  };

  void sort(std::uint32_t most);
  void merge(const SparseGradient& gradient);
  void find_blocks() const;

  std::size_t width_ = 0;
  bool has_sets_ = false;
  const float* values_ = nullptr;
  std::vector<std::uint32_t> rows_;           // of the gradient
  std::vector<std::uint32_t> order_, spare_;  // their numbers, sorted by row; equal rows stay in their order
  std::vector<Touched> touched_;
  std::vector<Repeated> repeated_;
  mutable std::vector<Block> blocks_;
  mutable bool blocks_known_ = false;
  mutable std::vector<float> sums_;  // of the repeated rows
};

template <class Visit>
void TouchedRows::each_repeated(const Visit& visit) const {
  for (const Repeated& repeated : repeated_) visit(repeated.begin, repeated.end);
}

template <class Visit>
void TouchedRows::each_row(const Visit& visit) const {
  for (const auto& [row, grad, set] : touched_) visit(row, grad, set);
}

template <class Visit>
void TouchedRows::each_in_block(std::size_t block, const Visit& visit) const {
  const auto [begin, first] = blocks_[block];
  const std::size_t end = begin + reduction_block;
  for (std::size_t k = first; k < touched_.size(); ++k) {
    const std::size_t row = touched_[k].row * width_, after = row + width_;
    if (row >= end) return;
    const std::size_t from = row < begin ? begin : row, to = after < end ? after : end;
    visit(from - begin, touched_[k].grad + (from - row), to - from);
  }
}

}  // namespace adabelief
