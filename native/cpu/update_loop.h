// One variant of a formula over a span: block by block, while the memory of later blocks is prefetched. Part of loops.cpp, once
// for each instruction set.
#pragma once

#include "update_blocks.h"

namespace adabelief {
namespace ADABELIEF_SET {

/** How many elements ahead of a block memory is prefetched. */
constexpr size_t distance = 512;

/** The number of elements before `out` reaches the next cache line: stores that cross lines cost twice. */
inline size_t misaligned(const float* out, size_t length) {
  constexpr size_t worth_it = 1024, bytes = line * sizeof(float);
  return length >= worth_it ? (bytes - reinterpret_cast<uintptr_t>(out) % bytes) % bytes / sizeof(float) : 0;
}

/** The same addresses, counted from `by` elements earlier. */
ADABELIEF_INLINE Ahead earlier(const Ahead& ahead, size_t by, ElementType state_type) {
  const size_t bytes = by * sizeof(float), of_state = by * size_of(state_type);
  return {
      ahead.data - bytes, ahead.grad - bytes, {ahead.state[0] - of_state, ahead.state[1] - of_state, ahead.state[2] - of_state}};
}

#if defined(__wasm__)

template <class F, int variant, Kind kind>
void run_over(const Span& span, const float* coefficients, const Factors& factors) {
  const Update<F, variant, kind> update(span, coefficients, factors);
  const size_t length = span.length;
  for (size_t i = 0; i < length;) {
    i = update.blocks(i, length);
    const size_t end = length - i < update.block ? length : i + update.block;
    update.few(i, end);
    i = end;
  }
}

#else

template <class F, int variant, Kind kind>
void run_over(const Span& span, const float* coefficients, const Factors& factors) {
  const Update<F, variant, kind> update(span, coefficients, factors);
  const size_t length = span.length;
#if defined(ADABELIEF_FAST_FMA)
  size_t i = length < update.block ? length : misaligned(span.out, length);
  update.few(0, i);
  if (i == length) return;
  // Prefetching runs `distance` elements ahead, through the span and on into the memory that comes after it.
  const size_t own = length < distance ? 0 : length - distance;
  const bool known = span.ahead.data != 0;
  constexpr ElementType type = kind == Kind::stored ? ElementType::bfloat16 : ElementType::float32;
  const struct {
    size_t end;
    Ahead ahead;
  } parts[] = {{own, addresses_from(span, distance)}, {length, known ? earlier(span.ahead, own, type) : addresses_from(span, 0)}};
  for (const auto& part : parts) i = update.blocks(i, part.end, part.ahead);
  update.few(i, length);
#else
  update.few(0, length);  // arithmetic takes many times as long as memory
#endif
}

#endif

}  // namespace ADABELIEF_SET
}  // namespace adabelief
