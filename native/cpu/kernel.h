// What the loops offer and everyone else calls: plain data, the same for every instruction set.
#pragma once

#include <cstddef>

namespace adabelief {

constexpr int max_states = 3;
constexpr int max_coefficients = 16;

/** One tensor's memory, or a piece of it. `out` is `data` itself or disjoint from everything else. */
struct Span {
  const float* data;
  float* out;
  const float* grad;
  float* state[max_states];
  std::size_t length;
};

/** Runs one variant of one formula over a span. Checks nothing and cannot fail. */
using Kernel = void (*)(const Span& span, const float* coefficients);

struct Variant {
  Kernel run;
  int states;  // how many of Span::state it touches, from the first on
};

struct Formula {
  const char* name;
  int coefficients;
  int variants;
  const Variant* variant;
};

/** into[i] = into[i] + scale · (sources[0][i] + sources[1][i] + …) for i from begin to end; each sum rounded, the last product
 * and sum rounded once. */
using Accumulate = void (*)(float* into, const float* const* sources, int count, float scale, std::size_t begin, std::size_t end);

/** All that one instruction set offers. */
struct Loops {
  const Formula* formulas;
  int count;
  Accumulate accumulate;
};

/** The backend whose loop ran last: written by the loop itself, so that a test can ask what really ran. */
void note_ran(const char* backend);
const char* last_ran();

}  // namespace adabelief
