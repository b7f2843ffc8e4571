// The loops of every formula and variant, and what calls them. Compiled once per instruction set: ADABELIEF_SET names the set.
#include <utility>

#include "../update/formulas.h"
#include "../update/traits.h"
#include "kernel.h"
#include "passes.h"
#include "sweep.h"

#define ADABELIEF_TEXT_(name) #name
#define ADABELIEF_TEXT(name) ADABELIEF_TEXT_(name)

namespace adabelief {
namespace ADABELIEF_SET {

template <class F, int variant>
void run(const Span& span, const float* coefficients) {
  note_ran(ADABELIEF_TEXT(ADABELIEF_SET));
  sweep<F, variant, false>(span, coefficients, {});
}

template <class F, int variant>
void run_prepared(const Span& span, const float* coefficients, const Factors& factors) {
  note_ran(ADABELIEF_TEXT(ADABELIEF_SET));
  sweep<F, variant, true>(span, coefficients, gradient_of(factors));
}

template <class F, int variant>
double sum_of_directions(const Span& span, const float* coefficients, size_t after) {
  const auto c = coefficients_of<F>(coefficients);
  const auto add = [&](double sum, size_t i) {
    return plus(sum, F::template direction<variant>(c, span.data[i], span.state[0][i], span.state[1][i]));
  };
  return summed(span.length, add, Fetch<3>{span.length + after, {span.data, span.state[0], span.state[1]}});
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
