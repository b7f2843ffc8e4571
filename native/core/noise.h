// Where the random bits come from by which elements are rounded: a hash of the seed, the tensor, the step and the element's place
// in the whole tensor. They depend on nothing else, so threads, cuts, backends and resumed runs round alike.
#pragma once

#include <cstdint>
#include <initializer_list>

namespace adabelief {

/** What the random bits of a step depend on, for all elements of a set. */
struct NoiseOfStep {
  std::uint64_t seed, step;
};

/** The elements of a piece: `first` is the place of its first one, from which on places count in 32 bits. */
struct Noise {
  std::uint32_t key, first;
};

/** One tensor, or a part of one that begins at the element `offset`. */
struct NoiseOfRow {
  std::uint64_t id = 0, offset = 0;
};

/** How many elements follow an element until the key changes, itself included. */
constexpr std::uint64_t elements_with_key(std::uint64_t element) { return (std::uint64_t{1} << 32) - (element & 0xFFFFFFFF); }

/** The finalizer of splitmix64 (Steele, Lea and Flood, 2014). */
constexpr std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
  x = (x ^ x >> 27) * 0x94D049BB133111EB;
  return x ^ x >> 31;
}

/** The noise of a row from an element on. `pass` is 1 in the second half of an update that takes two. */
constexpr Noise noise_from(const NoiseOfStep& step, const NoiseOfRow& row, std::uint64_t begin, std::uint64_t pass) {
  constexpr std::uint64_t gamma = 0x9E3779B97F4A7C15;
  const std::uint64_t element = row.offset + begin;
  std::uint64_t key = mixed(step.seed + gamma);
  for (const std::uint64_t part : {row.id, step.step, 2 * (element >> 32) + pass}) key = mixed((key ^ part) + gamma);
  return {static_cast<std::uint32_t>(key >> 32), static_cast<std::uint32_t>(element)};
}

}  // namespace adabelief
