// The loop over a range, for every formula and variant. Compiled once per instruction set: ADABELIEF_SET names the set.
// The compiler vectorises it; the remainder runs the same formula, so every element has the same bits.
#include <utility>

#include "../update/formulas.h"
#include "kernel.h"

#define ADABELIEF_TEXT_(name) #name
#define ADABELIEF_TEXT(name) ADABELIEF_TEXT_(name)

namespace adabelief {
namespace ADABELIEF_SET {

/** Elements do not depend on each other, also where out is data: the pragma says exactly that (__restrict would say more). */
template <class F, int variant>
ADABELIEF_INLINE void over(const typename F::Coefficients& c, const Span& span, size_t begin, size_t end) {
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
    out[i] = F::template update<variant>(c, data[i], grad[i], states > 0 ? state0[i] : none, states > 1 ? state1[i] : none,
                                         states > 2 ? state2[i] : none);
  }
}

/** The elements before `out` reaches a boundary of `alignment` bytes: stores that cross cache lines cost twice. */
inline size_t misaligned(const float* out, size_t length) {
  constexpr size_t line = 64;
  const size_t head = (line - reinterpret_cast<uintptr_t>(out) % line) % line / sizeof(float);
  return length >= 16 * line && head < length ? head : 0;
}

template <class F, int variant>
void run(const Span& span, const float* coefficients) {
  note_ran(ADABELIEF_TEXT(ADABELIEF_SET));
  typename F::Coefficients c;
  memcpy(&c, coefficients, sizeof c);
  const size_t head = misaligned(span.out, span.length);
  over<F, variant>(c, span, 0, head);
  over<F, variant>(c, span, head, span.length);
}

template <class F, class Indices>
struct Variants;

template <class F, int... variant>
struct Variants<F, std::integer_sequence<int, variant...>> {
  static constexpr Variant table[] = {{&run<F, variant>, F::states(variant)}...};
};

template <class List>
struct Table;

template <class... F>
struct Table<List<F...>> {
  static constexpr Formula formulas[] = {{F::name, sizeof(typename F::Coefficients) / sizeof(float), F::variants,
                                          Variants<F, std::make_integer_sequence<int, F::variants>>::table}...};
};

void accumulate(float* into, const float* const* sources, int count, float scale, size_t begin, size_t end) {
  constexpr size_t piece = 1024;
  float sum[piece];
  for (; begin < end; begin += piece) {
    const size_t size = end - begin < piece ? end - begin : piece;
    memcpy(sum, sources[0] + begin, size * sizeof(float));
    for (int k = 1; k < count; ++k) {
      const float* source = sources[k] + begin;
#pragma omp simd
      for (size_t i = 0; i < size; ++i) sum[i] = sum[i] + source[i];
    }
    float* target = into + begin;
#pragma omp simd
    for (size_t i = 0; i < size; ++i) target[i] = fma(sum[i], scale, target[i]);
  }
}

extern const Loops loops;
const Loops loops = {Table<Formulas>::formulas, sizeof Table<Formulas>::formulas / sizeof(Formula), accumulate};

}  // namespace ADABELIEF_SET
}  // namespace adabelief
