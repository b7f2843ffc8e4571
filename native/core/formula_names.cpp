#define ADABELIEF_SET described
#include "formula_names.h"

#include <cctype>

#include "../update/formulas.h"

namespace adabelief {

std::vector<std::string> split_names(const char* names) {
  std::vector<std::string> result(1);
  for (; *names; ++names) {
    if (*names == ',') {
      result.emplace_back();
    } else if (*names != ' ') {
      result.back() += *names;
    }
  }
  return result;
}

namespace {

using namespace ADABELIEF_SET;

template <class... Choice>
std::vector<ChoiceNames> choices(Choices<Choice...>) {
  std::vector<ChoiceNames> result{{Choice::name, split_names(Choice::values)}...};
  for (ChoiceNames& choice : result) choice.name[0] = static_cast<char>(std::tolower(choice.name[0]));
  return result;
}

template <class F>
FormulaNames describe() {
  using Coefficients = typename F::Coefficients;
  FormulaNames result{{}, choices(typename F::Variants{})};
  for (const char* part : Coefficients::names) {
    for (std::string& name : split_names(part)) result.coefficients.push_back(std::move(name));
  }
  return result;
}

template <class... F>
FormulaNames describe(int formula, List<F...>) {
  static FormulaNames (*const all[])() = {&describe<F>...};
  return all[formula]();
}

}  // namespace

FormulaNames names_of_formula(int formula) { return describe(formula, Formulas{}); }

}  // namespace adabelief
