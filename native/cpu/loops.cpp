// The loops of every formula and variant, and the tables of them. Compiled once for each instruction set, which ADABELIEF_SET
// names.
#include <utility>

#include "../update/formula_traits.h"
#include "../update/formulas.h"
#include "backend.h"
#include "elementwise.h"
#include "update_loop.h"

#define ADABELIEF_TEXT_(name) #name
#define ADABELIEF_TEXT(name) ADABELIEF_TEXT_(name)

namespace adabelief {
namespace ADABELIEF_SET {

template <class F, int variant>
void run_prepared(const Span& span, const float* coefficients, const Factors& factors) {
  note_ran(ADABELIEF_TEXT(ADABELIEF_SET));
  run_over<F, variant, Kind::prepares>(span, coefficients, factors);
}

template <class F, int variant>
void run(const Span& span, const float* coefficients) {
#if defined(__wasm__)
  run_prepared<F, variant>(span, coefficients, {1, 1, 0, 0});  // one loop for both makes the module half as large
#else
  note_ran(ADABELIEF_TEXT(ADABELIEF_SET));
  run_over<F, variant, Kind::plain>(span, coefficients, {});
#endif
}

#if defined(ADABELIEF_FAST_FMA)

template <class F, int variant>
void run_stored(const Span& span, const float* coefficients, const Factors& factors) {
  note_ran(ADABELIEF_TEXT(ADABELIEF_SET));
  run_over<F, variant, Kind::stored>(span, coefficients, factors);
}

template <class F, int variant>
constexpr PreparingKernel stored() {
  return &run_stored<F, variant>;
}

#else

/** Where arithmetic takes many times as long as memory, loops of their own would not be worth their room. */
template <class F, int variant>
constexpr PreparingKernel stored() {
  return nullptr;
}

#endif

template <class F, int variant>
double sum_of_directions(const Span& span, const float* coefficients, size_t after) {
  const auto c = coefficients_of<F>(coefficients);
  const auto add = [&](double sum, size_t i) {
    return plus(sum, F::template direction<variant>(c, span.data[i], span.state[0][i], span.state[1][i]));
  };
  return summed(span.length, add, Prefetch<3>{span.length + after, {span.data, span.state[0], span.state[1]}});
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
  static constexpr VariantKernels table[] = {
      {&run<F, variant>, &run_prepared<F, variant>, stored<F, variant>(), directions<F, variant>()}...};
};

template <class List>
struct FormulaTable;

template <class... F>
struct FormulaTable<List<F...>> {
  static constexpr FormulaKernels table[] = {
      {Variants<F, std::make_integer_sequence<int, F::Variants::count>>::table, with_norms<F>()}...};
};

extern const Kernels kernels;
const Kernels kernels = {FormulaTable<Formulas>::table, elementwise};

}  // namespace ADABELIEF_SET
}  // namespace adabelief
