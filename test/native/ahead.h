// What a span may be told about memory that comes after it, and the lengths at which that matters.
#pragma once

#include "core/span.h"

/** Lengths around the ends of blocks and of pairs of blocks, and around the distance of prefetching. */
constexpr std::size_t seams[] = {63, 64, 95, 96, 97, 127, 128, 159, 160, 161, 192, 511, 512, 513, 543, 544, 575, 576, 577, 1088};

/** By the seed: nothing, the rest of the whole, or places where there is no memory. */
inline adabelief::Ahead any_ahead(const adabelief::Span& whole, std::size_t begin, std::uint64_t seed) {
  constexpr std::uintptr_t nowhere = 0x123456789A;
  if (seed % 3 == 0) return {};
  if (seed % 3 == 1) return addresses_from(whole, begin);
  return {nowhere, 0, {~nowhere, nowhere, 1}};
}
