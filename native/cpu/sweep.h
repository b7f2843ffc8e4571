// One variant of a formula over a span: block by block, while the memory of later blocks is fetched. Part of loop.cpp, once per
// instruction set. The compiler vectorises a block, or the formula takes a Float of many elements; the remainder runs the same
// formula, so every element has the same bits.
#pragma once

#include <type_traits>

#include "../update/gradient.h"
#include "../update/traits.h"
#include "fetch.h"
#include "kernel.h"
#if defined(__AVX512F__)
#include "late.h"
#endif

namespace adabelief {
namespace ADABELIEF_SET {

/** How many elements later comes what is fetched beside a block. */
constexpr size_t distance = 512;

template <class F, int variant, bool prepares>
struct Update {
  static constexpr int states = F::states(variant);

  ADABELIEF_INLINE Update(const Span& over, const float* coefficients, const Gradient& before)
      : span(over), c(coefficients_of<F>(coefficients)), gradient(before) {}

  const Span span;
  const typename F::Coefficients c;
  const Gradient gradient;

#if defined(ADABELIEF_WIDE)

  static constexpr size_t block = wide;

  /** Updates the states of some elements from the i-th on, as many as `lanes` says; returns their parameters. */
  template <class Lanes>
  ADABELIEF_INLINE auto begin(size_t i, Lanes lanes) const {
    const Wide p = lanes.load(span.data + i), g = lanes.load(span.grad + i);
    Wide state[max_states];
    for (int k = 0; k < states; ++k) state[k] = lanes.load(span.state[k] + i);
    const auto updated = F::template update<variant>(c, p, prepares ? prepared(gradient, g, p) : g, state[0], state[1], state[2]);
    for (int k = 0; k < states; ++k) lanes.store(span.state[k] + i, state[k]);
    return updated;
  }

  /** Where a block is not complete once it is begun, the next one is begun first: of a step's twenty operations, one after the
   * other, those of two blocks are then under way, and the processor need not look as far ahead to find work. Two blocks a turn,
   * so that none has to be copied from the registers of the next to those of the last. */
  ADABELIEF_INLINE size_t blocks(size_t i, size_t end, const Ahead& ahead) const {
    const auto begin_at = [&](size_t at) __attribute__((always_inline)) {
      fetch(ahead, at);
      return begin(at, All{});
    };
    if constexpr (std::is_same_v<decltype(begin(0, All{})), Wide>) {
      for (; i + block <= end; i += block) All{}.store(span.out + i, begin_at(i));
    } else if (i + block <= end) {
      auto last = begin_at(i);
      for (; i + 3 * block <= end; i += 2 * block) {
        const auto next = begin_at(i + block);
        All{}.store(span.out + i, last);
        last = begin_at(i + 2 * block);
        All{}.store(span.out + i + block, next);
      }
      All{}.store(span.out + i, last);
      i += block;
      if (i + block <= end) {
        All{}.store(span.out + i, begin_at(i));
        i += block;
      }
    }
    return i;
  }

  ADABELIEF_INLINE void few(size_t i, size_t end) const {
    if (i < end) First(end - i).store(span.out + i, begin(i, First(end - i)));
  }

#else

  static constexpr size_t block = 2 * line;

  ADABELIEF_INLINE void one(size_t i) const {
    float none = 0;  // stands for a state that this variant does not have, and never touches
    const float p = span.data[i];
    const float g = prepares ? prepared(gradient, span.grad[i], p) : span.grad[i];
    span.out[i] = F::template update<variant>(c, p, g, states > 0 ? span.state[0][i] : none, states > 1 ? span.state[1][i] : none,
                                              states > 2 ? span.state[2][i] : none);
  }

  /** Elements do not depend on each other, also where out is data: the pragma says exactly that (__restrict would say more). */
  ADABELIEF_INLINE size_t blocks(size_t i, size_t end, const Ahead& ahead) const {
    for (; i + block <= end; i += block) {
      fetch(ahead, i);
      ADABELIEF_LANES
      for (size_t k = 0; k < block; ++k) one(i + k);
    }
    return i;
  }

  ADABELIEF_INLINE void few(size_t i, size_t end) const {
    ADABELIEF_LANES
    for (size_t k = i; k < end; ++k) one(k);
  }

#endif

  ADABELIEF_INLINE static void fetch(const Ahead& ahead, size_t i) {
    for (size_t k = 0; k < block; k += line) {
      const size_t offset = (i + k) * sizeof(float);
      fetch_line(ahead.data + offset);
      fetch_line(ahead.grad + offset);
      for (int j = 0; j < states; ++j) fetch_line(ahead.state[j] + offset);
    }
  }
};

/** The elements before `out` reaches the next cache line: stores that cross lines cost twice. */
inline size_t misaligned(const float* out, size_t length) {
  constexpr size_t worth_it = 1024, bytes = line * sizeof(float);
  return length >= worth_it ? (bytes - reinterpret_cast<uintptr_t>(out) % bytes) % bytes / sizeof(float) : 0;
}

/** The same memory, counted from so many elements earlier. */
ADABELIEF_INLINE Ahead earlier(const Ahead& ahead, size_t by) {
  const size_t bytes = by * sizeof(float);
  return {
      ahead.data - bytes, ahead.grad - bytes, {ahead.state[0] - bytes, ahead.state[1] - bytes, ahead.state[2] - bytes}, 0, false};
}

template <class F, int variant, bool prepares>
void sweep(const Span& span, const float* coefficients, const Gradient& gradient) {
  const Update<F, variant, prepares> update(span, coefficients, gradient);
  const size_t length = span.length;
#if defined(ADABELIEF_FAST_FMA)
  const size_t head = length < update.block ? length : misaligned(span.out, length);
  update.few(0, head);
  if (head == length) return;
  // Beside the i-th element is fetched first memory of the span itself, then what comes ahead of it, then nothing new.
  const size_t after = span.ahead.contiguous ? length + span.ahead.length : length;
  const size_t own = after < distance ? 0 : after - distance < length ? after - distance : length;
  const size_t others = own + span.ahead.length < length ? own + span.ahead.length : length;
  const struct {
    size_t end;
    Ahead ahead;
  } parts[] = {
      {own, memory_from(span, distance, true)}, {others, earlier(span.ahead, own)}, {length, memory_from(span, 0, true)}};
  size_t i = head;
  for (const auto& part : parts) i = update.blocks(i, part.end, part.ahead);
  update.few(i, length);
#else
  update.few(0, length);  // arithmetic takes many times as long as memory
#endif
}

}  // namespace ADABELIEF_SET
}  // namespace adabelief
