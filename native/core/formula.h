// The traits of each formula besides its arithmetic. A formula's number is its place in native/update/formulas.h.
#pragma once

namespace adabelief {

struct VariantTraits {
  int states;     // how many state arrays it reads and writes, from the first on
  int following;  // the variant that completes it, which takes the means of its directions as gradients; or -1
};

struct FormulaTraits {
  const char* name;
  int coefficients;  // its own
  int variants;
  const VariantTraits* variant;
  bool norms;  // whether its coefficients are completed with a tensor's norms
};

struct FormulaList {
  const FormulaTraits* begin;
  int count;
};

FormulaList formulas();

/** The number of a formula, or -1. */
int find_formula(const char* name);

/** Whether a variant is the second half of another one. */
bool completes(const FormulaTraits& formula, int variant);

}  // namespace adabelief
