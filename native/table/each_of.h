// A loop over the few of many that are looked for.
#pragma once

#include <cstddef>

namespace adabelief {

/** Calls `visit(i)` for all i below `count` for which `is(i)`, in their order. Sixteen are asked at a time, which compilers do
 * with vectors: most of a hundred thousand rows may be idle. */
template <class Is, class Visit>
void each_of(std::size_t count, const Is& is, const Visit& visit) {
  constexpr std::size_t block = 16;
  std::size_t i = 0;
  for (; i + block <= count; i += block) {
    int any = 0;
    for (std::size_t k = 0; k < block; ++k) any |= static_cast<int>(is(i + k));
    if (any == 0) continue;
    for (std::size_t k = 0; k < block; ++k) {
      if (is(i + k)) visit(i + k);
    }
  }
  for (; i < count; ++i) {
    if (is(i)) visit(i);
  }
}

}  // namespace adabelief
