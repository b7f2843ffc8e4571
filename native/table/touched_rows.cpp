#include "touched_rows.h"

#include <algorithm>

namespace adabelief {

bool TouchedRows::take(const SparseGradient& gradient, std::size_t rows, std::size_t width, bool on_host) {
  width_ = width;
  has_sets_ = gradient.sets != nullptr;
  values_ = gradient.values;
  rows_.assign(gradient.rows, gradient.rows + gradient.count);
  std::uint32_t most = 0;
  for (const std::uint32_t row : rows_) most = std::max(most, row);
  if (gradient.count > 0 && most >= rows) return false;
  sort(most);
  merge(gradient);
  if (on_host) {
    if (sums_.size() < repeated_.size() * width_) sums_.resize(repeated_.size() * width_);
    use_sums(sums_.data());
  }
  blocks_.reserve(touched_.size() * (width / reduction_block + 2));  // so that a step allocates nothing
  blocks_known_ = false;
  return true;
}

/** Sorts by one byte of the row after the other, the lowest first. It takes linear time and keeps equal rows in their order. */
void TouchedRows::sort(std::uint32_t most) {
  const std::size_t count = rows_.size();
  order_.resize(count);
  spare_.resize(count);
  for (std::size_t i = 0; i < count; ++i) order_[i] = static_cast<std::uint32_t>(i);
  constexpr int bits = 8;
  constexpr std::uint32_t digits = 1 << bits;
  for (int shift = 0; shift < 32 && most >> shift != 0; shift += bits) {
    std::size_t begins[digits + 1] = {};
    const auto digit = [&](std::uint32_t number) { return rows_[number] >> shift & (digits - 1); };
    for (const std::uint32_t number : order_) ++begins[digit(number) + 1];
    for (std::size_t k = 1; k < digits; ++k) begins[k] += begins[k - 1];
    for (const std::uint32_t number : order_) spare_[begins[digit(number)]++] = number;
    order_.swap(spare_);
  }
}

/** Lists every row once. Where one is repeated, the place of its sum is not known yet. */
void TouchedRows::merge(const SparseGradient& gradient) {
  touched_.clear();
  repeated_.clear();
  const std::size_t count = order_.size();
  for (std::size_t i = 0, next = 0; i < count; i = next) {
    const std::uint32_t number = order_[i], row = rows_[number];
    next = i + 1;
    while (next < count && rows_[order_[next]] == row) ++next;
    if (next - i > 1) repeated_.push_back({i, next, touched_.size()});
    touched_.push_back({row, element_of(values_, number * width_), has_sets_ ? gradient.sets[number] : -1});
  }
}

void TouchedRows::use_sums(float* sums) {
  for (std::size_t k = 0; k < repeated_.size(); ++k) touched_[repeated_[k].touched].grad = element_of(sums, k * width_);
}

std::size_t TouchedRows::bytes() const {
  return (rows_.capacity() + order_.capacity() + spare_.capacity()) * sizeof(std::uint32_t) +
         touched_.capacity() * sizeof(Touched) + repeated_.capacity() * sizeof(Repeated) + blocks_.capacity() * sizeof(Block) +
         sums_.capacity() * sizeof(float);
}

std::size_t TouchedRows::blocks() const {
  if (!blocks_known_) find_blocks();
  return blocks_.size();
}

void TouchedRows::find_blocks() const {
  blocks_.clear();
  blocks_known_ = true;
  if (width_ == 0) return;
  for (std::size_t k = 0; k < touched_.size(); ++k) {
    const std::size_t begin = touched_[k].row * width_, last = begin + width_ - 1;
    std::size_t block = begin / reduction_block * reduction_block;
    if (!blocks_.empty() && blocks_.back().begin == block) block += reduction_block;
    for (; block <= last; block += reduction_block) blocks_.push_back({block, k});
  }
}

void TouchedRows::add_up(std::size_t begin, std::size_t end) const {
  for (std::size_t k = begin; k < end; ++k) {
    const Repeated& repeated = repeated_[k];
    float* sum = sums_.data() + k * width_;
    std::copy_n(values_ + order_[repeated.begin] * width_, width_, sum);
    for (std::size_t i = repeated.begin + 1; i < repeated.end; ++i) {
      const float* values = values_ + order_[i] * width_;
      for (std::size_t j = 0; j < width_; ++j) sum[j] = sum[j] + values[j];
    }
  }
}

}  // namespace adabelief
