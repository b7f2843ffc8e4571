// Sums over tensors with the same bits on every engine and number of threads: what is summed, in which blocks, and where the sums
// lie.
//
// A row is cut into segments (the whole tensor for a norm, the elements that share the first index for a mean). Each segment is
// cut, from its beginning, into blocks. Blocks may be summed in any order. The sums of a segment's blocks are added up in their
// order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace adabelief {

constexpr std::uint64_t reduction_block = 4096;
/** The partial sums of a block. */
constexpr int reduction_lanes = 16;

/** In which order gradients are added up: the first and the second, then the third; or in pairs, ((0+1)+(2+3))+…, where an odd
 * one passes up. */
enum class SumOrder { sequence, pairs };

/** The segments and blocks of one row. */
struct Cut {
  std::uint64_t length, segment;  // `segment` divides `length`; 0: nothing is summed

  struct Block {
    std::uint64_t begin, length;
  };

  /** Of each segment. */
  constexpr std::uint64_t blocks() const { return (segment + reduction_block - 1) / reduction_block; }
  constexpr std::uint64_t segments() const { return segment == 0 ? 0 : length / segment; }
  /** Of all segments. */
  constexpr std::uint64_t all_blocks() const { return segments() * blocks(); }
  constexpr Block block(std::uint64_t number) const {
    const std::uint64_t within = number % blocks() * reduction_block, rest = segment - within;
    return {number / blocks() * segment + within, rest < reduction_block ? rest : reduction_block};
  }
};

/** The cuts of all rows, and where the sums of their blocks lie in one array. */
class SumLayout {
 public:
  /** Begins a layout of so many rows, none of them summed. */
  void clear(std::size_t rows);
  void add(std::size_t row, std::size_t length, std::size_t segment);

  /** The number of sums. */
  std::size_t count() const { return count_; }
  bool has(std::size_t row) const { return places_[row].cut.segment > 0; }
  const Cut& cut(std::size_t row) const { return places_[row].cut; }
  /** Where the sums of a row begin. */
  std::size_t first(std::size_t row) const { return places_[row].first; }

  /** Adds up the blocks of each segment of a row, in their order, into the first of them. */
  void add_up(std::size_t row, double* sums) const;
  /** The same for all rows. */
  void add_up(double* sums) const;
  /** The sum of all rows, in their order, after `add_up`. */
  double total(const double* sums) const;
  /** The sum of the segment that an element lies in, after `add_up`. */
  double sum_at(std::size_t row, std::size_t element, const double* sums) const {
    const auto& [cut, first] = places_[row];
    return sums[first + element / cut.segment * cut.blocks()];
  }

 private:
  struct Place {
    Cut cut;
    std::size_t first;
  };
  std::vector<Place> places_;  // by row
  std::size_t count_ = 0;
};

}  // namespace adabelief
