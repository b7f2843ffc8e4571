#include "reduction.h"

namespace adabelief {

void SumLayout::clear(std::size_t rows) {
  places_.assign(rows, Place{});
  count_ = 0;
}

void SumLayout::add(std::size_t row, std::size_t length, std::size_t segment) {
  if (length == 0) return;
  places_[row] = {{length, segment}, count_};
  count_ += places_[row].cut.all_blocks();
}

void SumLayout::add_up(std::size_t row, double* sums) const {
  const auto& [cut, first] = places_[row];
  const std::size_t blocks = cut.blocks(), segments = cut.segments();
  for (std::size_t k = 0; k < segments && blocks > 1; ++k) {
    double* segment = sums + first + k * blocks;
    for (std::size_t j = 1; j < blocks; ++j) segment[0] += segment[j];
  }
}

void SumLayout::add_up(double* sums) const {
  for (std::size_t row = 0; row < places_.size(); ++row) add_up(row, sums);
}

double SumLayout::total(const double* sums) const {
  double total = 0;
  for (const auto& [cut, first] : places_) {
    for (std::size_t k = 0; k < cut.segments(); ++k) total += sums[first + k * cut.blocks()];
  }
  return total;
}

}  // namespace adabelief
