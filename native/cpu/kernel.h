// What the loops offer and everyone else calls: plain data, the same for every instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

#include "span.h"

namespace adabelief {

/** What every set of coefficients begins with; those of the formula follow. */
struct Common {
  float decay;  // coupled weight decay; 0: none
  float alpha;  // of Lookahead
};

constexpr int common_coefficients = sizeof(Common) / sizeof(float);
constexpr int max_coefficients = common_coefficients + 14;

/** What happens around a formula, one bit each: gradients centralized in tensors of more than one dimension, or of more than
 * three; Lookahead's slow weights set to the parameter before the update, or blended with it afterwards. */
namespace stage {
constexpr std::int32_t centralize = 1, centralize_conv = 2, begin = 4, blend = 8;
}

/** Sums are made of blocks of so many elements, counted from where they begin. */
constexpr std::size_t reduction_block = 4096;
constexpr std::size_t reduction_blocks(std::size_t length) { return (length + reduction_block - 1) / reduction_block; }

/** What happens to gradients: native/update/gradient.h. */
struct Factors {
  float scale, clip, decay, mean;
};

/** Runs one variant of one formula over a span, with the formula's coefficients. Checks nothing and cannot fail. */
using Kernel = void (*)(const Span& span, const float* coefficients);
/** The same over gradients that are prepared on the way. */
using PreparingKernel = void (*)(const Span& span, const float* coefficients, const Factors& factors);
/** The sum of the directions in which a variant is about to step. `after` more of the same tensor come next. */
using SumOfDirections = double (*)(const Span& span, const float* coefficients, std::size_t after);

struct Variant {
  Kernel run;
  PreparingKernel run_prepared;
  SumOfDirections directions;  // null but for a variant that another one completes
  int following;               // that other one, which takes the rows' means of the directions as its gradients; or -1
  int states;                  // how many of Span::state it touches, from the first on
};

struct Formula {
  const char* name;
  int coefficients;  // its own
  int variants;
  const Variant* variant;
  void (*with_norms)(float* coefficients, double p_norm, double g_norm);  // null where a tensor's norms play no part
};

/** What there is to be done around a formula. Sums are in double and in a fixed order: sixteen partial sums, the elements dealt
 * out to them in turn, then added up in pairs. `after` elements of the same array come next. */
struct Passes {
  /** into[i] = the prepared gradient */
  void (*prepare)(float* into, const float* grad, const float* data, const Factors& factors, std::size_t length);
  /** A sum in no stated order: the least that reading can cost. */
  float (*read)(const float* x, std::size_t length);
  double (*sum)(const float* x, std::size_t length, std::size_t after);
  double (*sum_of_squares)(const float* x, float scale, std::size_t length, std::size_t after);
  /** Lookahead: p[i] = slow[i] = slow[i] + alpha·(p[i] − slow[i]) */
  void (*blend)(float* p, float* slow, float alpha, std::size_t length);
  /** x[i] = x[i]·factor */
  void (*scale)(float* x, float factor, std::size_t length);
  /** into[i] = into[i] + scale · (sources[0][i] + sources[1][i] + …) for i from begin to end; each sum rounded, the last product
   * and sum rounded once. */
  void (*accumulate)(float* into, const float* const* sources, int count, float scale, std::size_t begin, std::size_t end);
};

/** All that one instruction set offers. */
struct Loops {
  const Formula* formulas;
  int count;
  Passes passes;
};

/** The backend whose loop ran last: written by the loop itself, so that a test can ask what really ran. */
void note_ran(const char* backend);
const char* last_ran();

}  // namespace adabelief
