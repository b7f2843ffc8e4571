// One variant of a formula over a span: block by block, while the memory of later blocks is prefetched. Part of loops.cpp, once
// for each instruction set. The compiler vectorizes a block, or the formula takes a Float of many elements. The tail runs the
// same formula, so every element has the same bits.
#pragma once

#include <type_traits>

#include "../core/kernels.h"
#include "../update/formula_traits.h"
#include "../update/gradient.h"
#include "prefetch.h"
#if defined(__AVX512F__)
#include "deferred_step.h"
#elif defined(__wasm__)
#include "wasm_float.h"
#endif

namespace adabelief {
namespace ADABELIEF_SET {

/** How many elements ahead of a block memory is prefetched. */
constexpr size_t distance = 512;

template <class F, int variant, bool prepares>
struct Update {
  static constexpr int states = F::states(variant);

  ADABELIEF_INLINE Update(const Span& over, const float* coefficients, const Factors& before)
      : span(over), c(coefficients_of<F>(coefficients)), factors(before) {}

  const Span span;
  const typename F::Coefficients c;
  const Factors factors;

  ADABELIEF_INLINE void one(size_t i) const {
    float none = 0;  // stands for a state that this variant does not have, and never touches
    const float p = span.data[i];
    const float g = prepares ? prepared(factors, span.grad[i], p) : span.grad[i];
    span.out[i] = F::template update<variant>(c, p, g, states > 0 ? span.state[0][i] : none, states > 1 ? span.state[1][i] : none,
                                              states > 2 ? span.state[2][i] : none);
  }

#if defined(ADABELIEF_WIDE)

  static constexpr size_t block = width;

#if defined(__wasm__)

  const bool touched = factors.scale != 1 || factors.clip != 1 || factors.decay != 0 || factors.mean != 0;

  /** Updates whole blocks until one is in doubt. Nothing of that is stored yet. */
  ADABELIEF_INLINE size_t blocks(size_t i, size_t end) const {
    constexpr All all;
    for (; i + block <= end; i += block) {
      begin_block();
      const Wide p = all.load(span.data + i), given = all.load(span.grad + i);
      const Wide g = touched ? prepared(factors, given, p) : given;
      Wide state[max_states];
      for (int k = 0; k < states; ++k) state[k] = all.load(span.state[k] + i);
      const Wide updated = F::template update<variant>(c, p, g, state[0], state[1], state[2]);
      if (in_doubt()) break;
      for (int k = 0; k < states; ++k) all.store(span.state[k] + i, state[k]);
      all.store(span.out + i, updated);
    }
    return i;
  }

  /** Small, because hardly any element comes here. */
  ADABELIEF_INLINE void few(size_t i, size_t end) const {
#pragma clang loop vectorize(disable) unroll(disable)
    for (; i < end; ++i) one(i);
  }

#else

  /** Updates the states of some elements from the i-th on, as many as `lanes` says; returns their parameters. */
  template <class Lanes>
  ADABELIEF_INLINE auto begin(size_t i, Lanes lanes) const {
    const Wide p = lanes.load(span.data + i), g = lanes.load(span.grad + i);
    Wide state[max_states];
    for (int k = 0; k < states; ++k) state[k] = lanes.load(span.state[k] + i);
    const auto updated = F::template update<variant>(c, p, prepares ? prepared(factors, g, p) : g, state[0], state[1], state[2]);
    for (int k = 0; k < states; ++k) lanes.store(span.state[k] + i, state[k]);
    return updated;
  }

  /** Where a formula defers the end of its step, the next block begins before the last one is completed. A step is a chain of
   * some twenty operations, so two chains at a time give the processor more independent work. Two blocks an iteration avoid
   * copies between registers. */
  ADABELIEF_INLINE size_t blocks(size_t i, size_t end, const Ahead& ahead) const {
    const auto begin_at = [&](size_t at) __attribute__((always_inline)) {
      prefetch(ahead, at);
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

#endif

#else

  static constexpr size_t block = 2 * line;

  /** Elements do not depend on each other, also where out is data: the pragma says exactly that (__restrict would say more). */
  ADABELIEF_INLINE size_t blocks(size_t i, size_t end, const Ahead& ahead) const {
    for (; i + block <= end; i += block) {
      prefetch(ahead, i);
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

  ADABELIEF_INLINE static void prefetch(const Ahead& ahead, size_t i) {
    for (size_t k = 0; k < block; k += line) {
      const size_t offset = (i + k) * sizeof(float);
      prefetch_line(ahead.data + offset);
      prefetch_line(ahead.grad + offset);
      for (int j = 0; j < states; ++j) prefetch_line(ahead.state[j] + offset);
    }
  }
};

/** The number of elements before `out` reaches the next cache line: stores that cross lines cost twice. */
inline size_t misaligned(const float* out, size_t length) {
  constexpr size_t worth_it = 1024, bytes = line * sizeof(float);
  return length >= worth_it ? (bytes - reinterpret_cast<uintptr_t>(out) % bytes) % bytes / sizeof(float) : 0;
}

/** The same addresses, counted from `by` elements earlier. */
ADABELIEF_INLINE Ahead earlier(const Ahead& ahead, size_t by) {
  const size_t bytes = by * sizeof(float);
  return {ahead.data - bytes, ahead.grad - bytes, {ahead.state[0] - bytes, ahead.state[1] - bytes, ahead.state[2] - bytes}};
}

#if defined(__wasm__)

template <class F, int variant, bool prepares>
void run_over(const Span& span, const float* coefficients, const Factors& factors) {
  const Update<F, variant, prepares> update(span, coefficients, factors);
  const size_t length = span.length;
  for (size_t i = 0; i < length;) {
    i = update.blocks(i, length);
    const size_t end = length - i < update.block ? length : i + update.block;
    update.few(i, end);
    i = end;
  }
}

#else

template <class F, int variant, bool prepares>
void run_over(const Span& span, const float* coefficients, const Factors& factors) {
  const Update<F, variant, prepares> update(span, coefficients, factors);
  const size_t length = span.length;
#if defined(ADABELIEF_FAST_FMA)
  size_t i = length < update.block ? length : misaligned(span.out, length);
  update.few(0, i);
  if (i == length) return;
  // Prefetching runs `distance` elements ahead, through the span and on into the memory that comes after it.
  const size_t own = length < distance ? 0 : length - distance;
  const bool known = span.ahead.data != 0;
  const struct {
    size_t end;
    Ahead ahead;
  } parts[] = {{own, addresses_from(span, distance)}, {length, known ? earlier(span.ahead, own) : addresses_from(span, 0)}};
  for (const auto& part : parts) i = update.blocks(i, part.end, part.ahead);
  update.few(i, length);
#else
  update.few(0, length);  // arithmetic takes many times as long as memory
#endif
}

#endif

}  // namespace ADABELIEF_SET
}  // namespace adabelief
