#define ADABELIEF_SET described
#include "formula.h"

#include <cstring>
#include <utility>

#include "../update/formula_traits.h"
#include "../update/formulas.h"
#include "coefficients.h"

namespace adabelief {

namespace {

using namespace ADABELIEF_SET;

template <class F, class Indices>
struct Variants;

template <class F, int... variant>
struct Variants<F, std::integer_sequence<int, variant...>> {
  static constexpr VariantTraits list[] = {{F::states(variant), following<F, variant>(0)}...};
};

template <class... F>
FormulaList describe(List<F...>) {
  constexpr int room = max_coefficients - common_coefficients;
  static_assert(((sizeof(typename F::Coefficients) <= room * sizeof(float)) && ...), "max_coefficients is too small");
  static constexpr FormulaTraits list[] = {{F::name, sizeof(typename F::Coefficients) / sizeof(float), F::Variants::count,
                                            Variants<F, std::make_integer_sequence<int, F::Variants::count>>::list,
                                            needs_norms<F>(0)}...};
  return {list, sizeof...(F)};
}

}  // namespace

FormulaList formulas() { return describe(Formulas{}); }

int find_formula(const char* name) {
  const FormulaList list = formulas();
  for (int i = 0; i < list.count; ++i) {
    if (std::strcmp(list.begin[i].name, name) == 0) return i;
  }
  return -1;
}

bool completes(const FormulaTraits& formula, int variant) {
  for (int k = 0; k < formula.variants; ++k) {
    if (formula.variant[k].following == variant) return true;
  }
  return false;
}

}  // namespace adabelief
