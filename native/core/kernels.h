// Tables of the functions that one instruction set offers: plain data, the same for all of them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../update/factors.h"
#include "element_type.h"
#include "span.h"

namespace adabelief {

/** Runs one variant of one formula over a span, with the formula's coefficients. Checks nothing and cannot fail. */
using Kernel = void (*)(const Span& span, const float* coefficients);
/** The same, over gradients that are prepared on the way. */
using PreparingKernel = void (*)(const Span& span, const float* coefficients, const Factors& factors);
/** The sum of the directions in which a variant is about to step. `after` more elements of the tensor come next. */
using SumOfDirections = double (*)(const Span& span, const float* coefficients, std::size_t after);

struct VariantKernels {
  Kernel run;
  PreparingKernel run_prepared;
  PreparingKernel run_stored;  // over states that are bfloat16, which the noise of the span rounds; null: there is none
  SumOfDirections directions;  // null unless another variant completes this one
};

struct FormulaKernels {
  const VariantKernels* variant;
  void (*with_norms)(float* coefficients, double p_norm, double g_norm);  // null unless the formula needs norms
};

/** Arrays from and to a type of 16 bits, each element rounded to nearest. */
struct Conversion {
  void (*widen)(float* into, const std::uint16_t* from, std::size_t length);
  void (*narrow)(std::uint16_t* into, const float* from, std::size_t length);
};

/** Loops over arrays, around the formulas. Sums are in double and in a fixed order: sixteen partial sums, the elements dealt out
 * to them in turn, then added up in pairs. `after` more elements of the array come next. */
struct Elementwise {
  /** into[i] = the prepared gradient */
  void (*prepare)(float* into, const float* grad, const float* data, const Factors& factors, std::size_t length);
  /** A sum in no stated order, for the bandwidth baseline of reading. */
  float (*read)(const float* x, std::size_t length);
  double (*sum)(const float* x, std::size_t length, std::size_t after);
  double (*sum_of_squares)(const float* x, float scale, std::size_t length, std::size_t after);
  /** The same in parts: adds the squares of elements from `first` on to their partial sums; adds these up. */
  void (*add_squares)(double* sums, std::size_t first, const float* x, float scale, std::size_t length);
  double (*fold)(double* sums);
  /** Lookahead: p[i] = slow[i] = slow[i] + alpha·(p[i] − slow[i]) */
  void (*blend)(float* p, float* slow, float alpha, std::size_t length);
  /** average[i] = average[i] + weight·(p[i] − average[i]), as native/update/ema.h rounds it */
  void (*average)(float* average, const float* p, float weight, std::size_t length);
  /** x[i] = x[i]·factor */
  void (*scale)(float* x, float factor, std::size_t length);
  /** into[i] = into[i] + scale · (sources[0][i] + sources[1][i] + …) for i from begin to end; each sum rounded, the last product
   * and sum rounded once. */
  void (*accumulate)(float* into, const float* const* sources, int count, float scale, std::size_t begin, std::size_t end);
  Conversion conversions[half_types];  // in the order of ElementType, from the first of 16 bits on

  const Conversion& conversion(ElementType type) const { return conversions[static_cast<int>(type) - 1]; }
};

/** All that one instruction set offers. */
struct Kernels {
  const FormulaKernels* formulas;  // by number
  Elementwise elementwise;
};

}  // namespace adabelief
