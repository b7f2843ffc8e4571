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

/** Elements from a block to the one that is fetched meanwhile. */
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
   * since a block that goes from one turn to the next would be copied from register to register. */
  ADABELIEF_INLINE size_t blocks(size_t i, size_t end, const Next& ahead) const {
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
  ADABELIEF_INLINE size_t blocks(size_t i, size_t end, const Next& ahead) const {
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

  ADABELIEF_INLINE static void fetch(const Next& memory, size_t i) {
    for (size_t k = 0; k < block; k += line) {
      fetch_line(memory.data + i + k);
      fetch_line(memory.grad + i + k);
      for (int j = 0; j < states; ++j) fetch_line(memory.state[j] + i + k);
    }
  }
};

/** The elements before `out` reaches the next cache line: stores that cross lines cost twice. */
inline size_t misaligned(const float* out, size_t length) {
  constexpr size_t worth_it = 1024;
  const size_t head = (64 - reinterpret_cast<uintptr_t>(out) % 64) % 64 / sizeof(float);
  return length >= worth_it ? head : 0;
}

/** The same memory, counted from elsewhere. */
ADABELIEF_INLINE Next moved(const Next& memory, ptrdiff_t by) {
  return {memory.data + by, memory.grad + by, {memory.state[0] + by, memory.state[1] + by, memory.state[2] + by}, memory.length};
}

template <class F, int variant, bool prepares>
void sweep(const Span& span, const float* coefficients, const Gradient& gradient) {
  const Update<F, variant, prepares> update(span, coefficients, gradient);
#if !defined(ADABELIEF_FAST_FMA)
  return update.few(0, span.length);  // arithmetic takes many times as long as memory
#endif
  const size_t length = span.length, head = misaligned(span.out, length);
  const Next here = {span.data, span.grad, {span.state[0], span.state[1], span.state[2]}, length};
  // What is fetched beside the i-th element: first memory of the span itself, then of what comes next, then nothing new.
  const bool continues = span.next.data == span.data + length && span.next.length >= distance;
  const size_t own = continues ? length : length > distance ? length - distance : 0;
  const size_t next = own + span.next.length < length ? own + span.next.length : length;
  const struct {
    size_t end;
    Next ahead;
  } parts[] = {{own, moved(here, distance)}, {next, moved(span.next, -static_cast<ptrdiff_t>(own))}, {length, here}};
  update.few(0, head);
  size_t i = head;
  for (const auto& part : parts) i = update.blocks(i, part.end, part.ahead);
  update.few(i, length);
}

}  // namespace ADABELIEF_SET
}  // namespace adabelief
