// One variant of a formula over a block of elements, or over a few. The compiler vectorizes a block, or the formula takes a Float
// of many elements. Few run the same formula, so every element has the same bits. Part of loops.cpp, once for each instruction
// set.
#pragma once

#include <type_traits>

#include "../core/kernels.h"
#include "../update/formula_traits.h"
#include "../update/gradient.h"
#include "../update/noise.h"
#include "prefetch.h"
#if defined(__AVX512F__)
#include "deferred_step.h"
#elif defined(__wasm__)
#include "wasm_float.h"
#endif

namespace adabelief {
namespace ADABELIEF_SET {

/** How a loop reaches gradients and states. */
enum class Kind {
  plain,     // all are floats
  prepares,  // gradients are prepared on the way
  stored     // the same, and states are bfloat16
};

template <class F, int variant, Kind kind>
struct Update {
  static constexpr bool prepares = kind != Kind::plain, stored = kind == Kind::stored;
  static constexpr int states = F::states(variant);

  ADABELIEF_INLINE Update(const Span& over, const float* coefficients, const Factors& before)
      : span(over), c(coefficients_of<F>(coefficients)), factors(before) {}

  const Span span;
  const typename F::Coefficients c;
  const Factors factors;
  const bool touched = factors.scale != 1 || factors.clip != 1 || factors.decay != 0 || bits_of(factors.mean) != 0;

  ADABELIEF_INLINE float gradient(size_t i) const {
    return prepares ? prepared(factors, span.grad[i], span.data[i]) : span.grad[i];
  }

  ADABELIEF_INLINE void update(size_t i, float g, float& x, float& y, float& z) const {
    span.out[i] = F::template update<variant>(c, span.data[i], g, x, y, z);
  }

  ADABELIEF_INLINE void one(size_t i) const {
    const float g = gradient(i);
    if constexpr (stored) {
      float state[max_states] = {};
      for (int k = 0; k < states; ++k) state[k] = from_bfloat16(halves(k)[i]);
      update(i, g, state[0], state[1], state[2]);
      for (int k = 0; k < states; ++k) halves(k)[i] = to_bfloat16(state[k], noise_of_state(k, hash_at(i)));
    } else {
      float none = 0;  // stands for a state that this variant does not have, and never touches
      update(i, g, states > 0 ? span.state[0][i] : none, states > 1 ? span.state[1][i] : none,
             states > 2 ? span.state[2][i] : none);
    }
  }

  ADABELIEF_INLINE uint16_t* halves(int k) const { return reinterpret_cast<uint16_t*>(span.state[k]); }

  /** The place of an element in the tensor. */
  ADABELIEF_INLINE uint32_t place(size_t i) const { return span.noise.first + static_cast<uint32_t>(i); }
  ADABELIEF_INLINE uint32_t hash_at(size_t i) const { return hashed(place(i) ^ span.noise.key); }

#if defined(ADABELIEF_WIDE)

  static constexpr size_t block = width;

#if defined(__wasm__)

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

  template <class Lanes>
  ADABELIEF_INLINE Wide loaded(int k, size_t i, Lanes lanes) const {
    return stored ? lanes.load_bfloat16(halves(k) + i) : lanes.load(span.state[k] + i);
  }

  template <class Lanes>
  ADABELIEF_INLINE void store_states(size_t i, Wide (&state)[max_states], Lanes lanes) const {
    if constexpr (stored && states > 0) {
      if (any_nan(state[0], state[states > 1]) || (states > 2 && any_nan(state[states - 1], state[states - 1]))) {
        for (int k = 0; k < states; ++k) state[k] = select(state[k] != state[k], float_of(quiet_nan), state[k]);
      }
      const Words hash = hashed(numbers_from(place(i)) ^ span.noise.key);
      for (int k = 0; k < states; ++k) lanes.store_bfloat16(halves(k) + i, state[k], noise_of_state(k, hash));
    } else {
      for (int k = 0; k < states; ++k) lanes.store(span.state[k] + i, state[k]);
    }
  }

  /** Updates the states of some elements from the i-th on, as many as `lanes` says; returns their parameters. */
  template <class Lanes>
  ADABELIEF_INLINE auto begin(size_t i, Lanes lanes) const {
    const Wide p = lanes.load(span.data + i);
    Wide g = lanes.load(span.grad + i), state[max_states];
    if (prepares && (!stored || touched)) g = prepared(factors, g, p);
    for (int k = 0; k < states; ++k) state[k] = loaded(k, i, lanes);
    const auto updated = F::template update<variant>(c, p, g, state[0], state[1], state[2]);
    store_states(i, state, lanes);
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
      if constexpr (stored) {
        whole_block(i);
      } else {
        ADABELIEF_LANES
        for (size_t k = 0; k < block; ++k) one(i + k);
      }
    }
    return i;
  }

  ADABELIEF_INLINE void few(size_t i, size_t end) const {
    if constexpr (stored) {
      rest(i, end);
    } else {
      ADABELIEF_LANES
      for (size_t k = i; k < end; ++k) one(k);
    }
  }

  /** States of 16 bits are converted in loops of their own: one loop of both widths would be vectorized badly. */
  ADABELIEF_INLINE void whole_block(size_t i) const {
    float state[max_states][block], g[block];
    uint32_t hash[block];
    const float* gradients = span.grad + i;
    if (touched) {
      ADABELIEF_LANES
      for (size_t j = 0; j < block; ++j) g[j] = gradient(i + j);
      gradients = g;
    }
    for (int k = 0; k < states; ++k) {
      ADABELIEF_LANES
      for (size_t j = 0; j < block; ++j) state[k][j] = from_bfloat16(halves(k)[i + j]);
    }
    ADABELIEF_LANES
    for (size_t j = 0; j < block; ++j) update(i + j, gradients[j], state[0][j], state[1][j], state[2][j]);
    ADABELIEF_LANES
    for (size_t j = 0; j < block; ++j) hash[j] = hash_at(i + j);
    for (int k = 0; k < states; ++k) {
      ADABELIEF_LANES
      for (size_t j = 0; j < block; ++j) halves(k)[i + j] = to_bfloat16(state[k][j], noise_of_state(k, hash[j]));
    }
  }

  /** Once and small, because few elements come here. */
  __attribute__((noinline)) void rest(size_t i, size_t end) const {
    for (; i < end; ++i) one(i);
  }

#endif

  ADABELIEF_INLINE static void prefetch(const Ahead& ahead, size_t i) {
    for (size_t k = 0; k < block; k += line) {
      const size_t offset = (i + k) * sizeof(float);
      prefetch_line(ahead.data + offset);
      prefetch_line(ahead.grad + offset);
      if (stored && k % (2 * line) != 0) continue;  // a line has twice as many elements
      for (int j = 0; j < states; ++j) prefetch_line(ahead.state[j] + (stored ? offset / 2 : offset));
    }
  }
};

}  // namespace ADABELIEF_SET
}  // namespace adabelief
