// Coefficients for every formula, by their names.
#pragma once

#include <cmath>
#include <cstring>
#include <map>
#include <vector>

#include "core/coefficients.h"
#include "core/formula.h"
#include "core/formula_names.h"

/** A formula's coefficients at some step of some training. */
struct Sample {
  int formula;
  float coefficients[adabelief::max_coefficients];
};

/** Values by name: an ordinary step; the ends of what options allow (no memory at all, eps 0, no bias, an infinite rate); and a
 * step in which everything differs from both. */
inline const std::map<std::string, std::vector<float>>& sample_values() {
  static const std::map<std::string, std::vector<float>> values = {
      {"beta1", {0.9f, 0.0f, 0.5f}},
      {"one_minus_beta1", {0.1f, 1.0f, 0.5f}},
      {"beta2", {0.999f, 0.0f, 0.98f}},
      {"one_minus_beta2", {0.001f, 1.0f, 0.02f}},
      {"eps", {1e-8f, 0.0f, 1e-14f}},
      {"sqrt_bias_correction2", {0.0316f, 1.0f, 0.14142135f}},
      {"bias_correction1", {0.1f, 1.0f, 0.19f}},
      {"bias_correction2", {0.001f, 1.0f, 0.25f}},
      {"size", {-0.01f, -INFINITY, -1e30f}},
      {"learning_rate", {-0.001f, -INFINITY, -0.1f}},
      {"decay", {0.99f, 1e-3f, -1e-5f}},
      {"lower", {3.16e-4f, 0.0f, 1e-4f}},
      {"upper", {100.1f, INFINITY, 1.0f}},
      {"divisor", {1.00005f, 1.0000005f, 2.0f}},
      {"ratio", {0.3f, INFINITY, 1.0f}},
      {"momentum", {0.9f, 1.5f, 0.0f}},
      {"one_minus_dampening", {1.0f, -2.0f, 0.5f}},
      {"rho", {0.5013f, 1.0f, 0.3f}},
      {"one_minus_rho", {0.4987f, 0.0f, 0.7f}},
      {"initial", {1e-6f, 0.0f, 1.0f}},
  };
  return values;
}

/** Every formula that there is, with each set of values. A coefficient without values of its own has some that suit any. */
inline const std::vector<Sample>& samples() {
  static const std::vector<Sample> all = [] {
    std::vector<Sample> result;
    for (int formula = 0; formula < adabelief::formulas().count; ++formula) {
      const std::vector<std::string> names = adabelief::names_of_formula(formula).coefficients;
      for (std::size_t which = 0; which < 3; ++which) {
        Sample sample{formula, {}};
        for (std::size_t k = 0; k < names.size(); ++k) {
          const auto found = sample_values().find(names[k]);
          sample.coefficients[k] = found == sample_values().end() ? 0.9f - 0.04f * static_cast<float>(k) : found->second[which];
        }
        result.push_back(sample);
      }
    }
    return result;
  }();
  return all;
}
