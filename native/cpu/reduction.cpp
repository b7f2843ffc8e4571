#include "reduction.h"

#include <algorithm>

#include "team.h"

namespace adabelief {

void Reduction::clear(int rows) {
  parts_.clear();
  places_.assign(static_cast<std::size_t>(rows), Place{});
  count_ = 0;
}

void Reduction::add(int row, std::size_t length, std::size_t segment, bool here) {
  if (length == 0) return;
  const std::size_t blocks = reduction_blocks(segment), segments = length / segment;
  places_[static_cast<std::size_t>(row)] = {count_, segment, segments, blocks};
  const std::size_t taken = blocks > 1 ? 1 : reduction_block / segment;  // segments by one call
  for (std::size_t k = 0; here && k < segments; k += taken) {
    for (std::size_t j = 0; j < blocks; ++j) {
      const std::size_t begin = k * segment + j * reduction_block;
      const std::size_t end =
          blocks > 1 ? std::min(begin + reduction_block, (k + 1) * segment) : std::min(k + taken, segments) * segment;
      parts_.push_back({row, begin, end, count_ + k * blocks + j});
    }
  }
  count_ += segments * blocks;
}

struct Reduction::Run {
  Reduction& reduction;
  Sum sum;
  const void* context;
};

void Reduction::run_parts(const void* run, Chunks parts) {
  const auto& [reduction, sum, context] = *static_cast<const Run*>(run);
  for (std::size_t index = parts.begin; index < parts.end; ++index) {
    const Part& part = reduction.parts_[index];
    const auto& [first, segment, segments, blocks] = reduction.places_[static_cast<std::size_t>(part.row)];
    const bool last = index + 1 == parts.end && !parts.more;
    const std::size_t end = last ? part.end : segments * segment;
    std::size_t place = part.sum;
    for (std::size_t begin = part.begin; begin < part.end; begin += segment) {
      const std::size_t length = std::min(segment, part.end - begin);
      reduction.sums_[place++] = sum(context, part.row, begin, length, end - begin - length);
    }
  }
}

void Reduction::sum_blocks(int threads, Sum sum, const void* context) {
  const Run run{*this, sum, context};
  run_on_team(threads, parts_.size(), run_parts, &run);
}

void Reduction::add_up() {
  for (const Place& place : places_) {
    for (std::size_t k = 0; k < place.segments && place.blocks > 1; ++k) {
      const auto first = sums_.begin() + static_cast<std::ptrdiff_t>(place.first + k * place.blocks);
      for (std::size_t j = 1; j < place.blocks; ++j) *first += first[static_cast<std::ptrdiff_t>(j)];
    }
  }
}

double Reduction::total() const {
  double total = 0;
  for (const Place& place : places_) {
    for (std::size_t k = 0; k < place.segments; ++k) total += sums_[place.first + k * place.blocks];
  }
  return total;
}

}  // namespace adabelief
