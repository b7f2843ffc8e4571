#include "pair_sum.h"

#include <cstring>

namespace adabelief {

namespace {

/** total ← total + source. The loop multiplies by 1 on the way, which changes no bit. */
void add(const Elementwise& loops, float* total, const float* source, std::size_t length) {
  loops.accumulate(total, &source, 1, 1, 0, length);
}

/** The largest power of two below `count` ≥ 2. */
int left_of(int count) {
  int left = 1;
  while (left < count - left) left *= 2;
  return left;
}

}  // namespace

void sum_in_pairs(const Elementwise& loops, const float* const* sources, int count, std::size_t begin, std::size_t length,
                  float* total) {
  if (count == 1) {
    std::memcpy(total, sources[0] + begin, length * sizeof(float));
    return;
  }
  const int left = left_of(count);
  sum_in_pairs(loops, sources, left, begin, length, total);
  if (count - left == 1) return add(loops, total, sources[left] + begin, length);
  float rest[pair_piece];
  sum_in_pairs(loops, sources + left, count - left, begin, length, rest);
  add(loops, total, rest, length);
}

}  // namespace adabelief
