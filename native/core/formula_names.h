// The names by which other languages know the coefficients and variants of a formula.
#pragma once

#include <string>
#include <vector>

namespace adabelief {

/** One choice of a variant. */
struct ChoiceNames {
  std::string name;                 // as in "phase"
  std::vector<std::string> values;  // in their order
};

struct FormulaNames {
  std::vector<std::string> coefficients;  // in their order
  std::vector<ChoiceNames> choices;       // the first one varies fastest
};

FormulaNames names_of_formula(int formula);

/** The names in a list that commas separate. */
std::vector<std::string> split_names(const char* names);

}  // namespace adabelief
