// The loop over a range, for every formula and variant. Compiled once per instruction set: ADABELIEF_SET names the set.
// The compiler vectorises it, or the formula takes a Float of many elements; the remainder runs the same formula, so every
// element has the same bits.
#include <utility>

#include "../update/formulas.h"
#include "../update/gradient.h"
#include "../update/traits.h"
#include "kernel.h"
#include "passes.h"
#if defined(__AVX512F__)
#include "wide.h"
#endif

#define ADABELIEF_TEXT_(name) #name
#define ADABELIEF_TEXT(name) ADABELIEF_TEXT_(name)

namespace adabelief {
namespace ADABELIEF_SET {

#if defined(ADABELIEF_WIDE)

/** Some elements from the i-th on, as many as `lanes` says. */
template <class F, int variant, bool prepares, class Lanes>
ADABELIEF_INLINE void update_lanes(const typename F::Coefficients& c, const Span& span, const Gradient& gradient, size_t i,
                                   Lanes lanes) {
  constexpr int states = F::states(variant);
  const Wide p = lanes.load(span.data + i), g = lanes.load(span.grad + i);
  Wide state[max_states];
  for (int k = 0; k < states; ++k) state[k] = lanes.load(span.state[k] + i);
  const Wide updated = F::template update<variant>(c, p, prepares ? prepared(gradient, g, p) : g, state[0], state[1], state[2]);
  for (int k = 0; k < states; ++k) lanes.store(span.state[k] + i, state[k]);
  lanes.store(span.out + i, updated);
}

template <class F, int variant, bool prepares>
ADABELIEF_INLINE void over(const typename F::Coefficients& c, Span span, const Gradient& gradient, size_t begin, size_t end) {
  size_t i = begin;
  for (; i + wide <= end; i += wide) update_lanes<F, variant, prepares>(c, span, gradient, i, All{});
  if (i < end) update_lanes<F, variant, prepares>(c, span, gradient, i, First(end - i));
}

#else

/** Elements do not depend on each other, also where out is data: the pragma says exactly that (__restrict would say more). */
template <class F, int variant, bool prepares>
ADABELIEF_INLINE void over(const typename F::Coefficients& c, const Span& span, const Gradient& gradient, size_t begin,
                           size_t end) {
  const float* data = span.data;
  const float* grad = span.grad;
  float* out = span.out;
  float* state0 = span.state[0];
  float* state1 = span.state[1];
  float* state2 = span.state[2];
  constexpr int states = F::states(variant);
  float none = 0;  // stands for a state that this variant does not have, and never touches
#pragma omp simd
  for (size_t i = begin; i < end; ++i) {
    const float p = data[i];
    const float g = prepares ? prepared(gradient, grad[i], p) : grad[i];
    out[i] = F::template update<variant>(c, p, g, states > 0 ? state0[i] : none, states > 1 ? state1[i] : none,
                                         states > 2 ? state2[i] : none);
  }
}

#endif

/** The elements before `out` reaches a boundary of `alignment` bytes: stores that cross cache lines cost twice. */
inline size_t misaligned(const float* out, size_t length) {
  constexpr size_t line = 64;
  const size_t head = (line - reinterpret_cast<uintptr_t>(out) % line) % line / sizeof(float);
  return length >= 16 * line && head < length ? head : 0;
}

template <class F, int variant, bool prepares>
ADABELIEF_INLINE void run_aligned(const Span& span, const float* coefficients, const Gradient& gradient) {
  note_ran(ADABELIEF_TEXT(ADABELIEF_SET));
  const auto c = coefficients_of<F>(coefficients);
  const size_t head = misaligned(span.out, span.length);
  over<F, variant, prepares>(c, span, gradient, 0, head);
  over<F, variant, prepares>(c, span, gradient, head, span.length);
}

template <class F, int variant>
void run(const Span& span, const float* coefficients) {
  run_aligned<F, variant, false>(span, coefficients, {});
}

template <class F, int variant>
void run_prepared(const Span& span, const float* coefficients, const Factors& factors) {
  run_aligned<F, variant, true>(span, coefficients, gradient_of(factors));
}

template <class F, int variant>
double sum_of_directions(const Span& span, const float* coefficients) {
  const auto c = coefficients_of<F>(coefficients);
  return summed(span.length, [&](double sum, size_t i) {
    return plus(sum, F::template direction<variant>(c, span.data[i], span.state[0][i], span.state[1][i]));
  });
}

template <class F, int variant>
constexpr SumOfDirections directions() {
  if constexpr (following<F, variant>(0) >= 0) {
    return &sum_of_directions<F, variant>;
  } else {
    return nullptr;
  }
}

template <class F>
void call_with_norms(float* coefficients, double p_norm, double g_norm) {
  auto c = coefficients_of<F>(coefficients);
  F::with_norms(c, p_norm, g_norm);
  memcpy(coefficients, &c, sizeof c);
}

using WithNorms = void (*)(float* coefficients, double p_norm, double g_norm);

template <class F>
constexpr WithNorms with_norms() {
  if constexpr (needs_norms<F>(0)) {
    return &call_with_norms<F>;
  } else {
    return nullptr;
  }
}

template <class F, class Indices>
struct Variants;

template <class F, int... variant>
struct Variants<F, std::integer_sequence<int, variant...>> {
  static constexpr Variant table[] = {
      {&run<F, variant>, &run_prepared<F, variant>, directions<F, variant>(), following<F, variant>(0), F::states(variant)}...};
};

template <class List>
struct Table;

template <class... F>
struct Table<List<F...>> {
  static constexpr Formula formulas[] = {{F::name, sizeof(typename F::Coefficients) / sizeof(float), F::variants,
                                          Variants<F, std::make_integer_sequence<int, F::variants>>::table, with_norms<F>()}...};
};

extern const Loops loops;
const Loops loops = {Table<Formulas>::formulas, sizeof Table<Formulas>::formulas / sizeof(Formula), passes};

}  // namespace ADABELIEF_SET
}  // namespace adabelief
