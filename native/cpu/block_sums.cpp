#include "block_sums.h"

#include <algorithm>

namespace adabelief {

void BlockSums::add(std::size_t row, const Cut& cut, std::size_t first) {
  const std::size_t segment = cut.segment, segments = cut.segments(), length = cut.length;
  if (segment == 0) return;
  if (cut.blocks() == 1) {
    const std::size_t together = reduction_block / segment;
    for (std::size_t k = 0; k < segments; k += together) {
      parts_.push_back({row, k * segment, std::min(k + together, segments) * segment, segment, length, first + k});
    }
    return;
  }
  for (std::size_t number = 0; number < cut.all_blocks(); ++number) {
    const Cut::Block block = cut.block(number);
    parts_.push_back({row, block.begin, block.begin + block.length, segment, length, first + number});
  }
}

struct BlockSums::Run {
  const BlockSums& blocks;
  Sum sum;
  const void* context;
  double* sums;
};

void BlockSums::run_parts(const void* run, Chunks parts) {
  const auto& [blocks, sum, context, sums] = *static_cast<const Run*>(run);
  for (std::size_t index = parts.begin; index < parts.end; ++index) {
    const Part& part = blocks.parts_[index];
    const bool last = index + 1 == parts.end && !parts.more;
    const std::size_t end = last ? part.end : part.length;
    std::size_t place = part.place;
    for (std::size_t begin = part.begin; begin < part.end; begin += part.segment) {
      const std::size_t length = std::min(part.segment, part.end - begin);
      sums[place++] = sum(context, part.row, begin, length, end - begin - length);
    }
  }
}

void BlockSums::run(int threads, Sum sum, const void* context, double* sums) const {
  const Run run{*this, sum, context, sums};
  run_on_pool(threads, parts_.size(), run_parts, &run);
}

}  // namespace adabelief
