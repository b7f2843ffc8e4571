// How a device finds the number, the coefficients and the variant of a row's step, and counts it. Part of kernels.h.
#pragma once

#include "sums.h"

namespace adabelief {
namespace ADABELIEF_SET {

/** high + low, about 100 bits of a number: lib/optimizers/exact-power.ts has the same operations. */
struct Product {
  double high = 1, low = 0;

  /** (high + low)·(h + l), with Dekker's exact product of the two leading parts. Where that is tiny, both count as 0. */
  ADABELIEF_INLINE void multiply(double h, double l) {
    constexpr double splitter = 134217729, least = 1e-290;
    const double product = high * h;
    const double a = splitter * high, high_of_a = a - (a - high), low_of_a = high - high_of_a;
    const double b = splitter * h, high_of_b = b - (b - h), low_of_b = h - high_of_b;
    const double error = low_of_a * low_of_b - (product - high_of_a * high_of_b - low_of_a * high_of_b - high_of_a * low_of_b);
    const double rest = error + (high * l + low * h);
    const bool tiny = product < least && product > -least;
    high = tiny ? 0 : product + rest;
    low = tiny ? 0 : rest - (high - product);
  }
};

/** base^exponent for a base in [0, 1) and a whole exponent from 1, rounded once. */
ADABELIEF_INLINE double power_of(double base, uint64_t exponent) {
  uint64_t bit = 1;
  while (bit <= exponent / 2) bit *= 2;
  Product power;
  for (; bit > 0; bit /= 2) {
    power.multiply(power.high, power.low);
    if ((exponent & bit) != 0) power.multiply(base, 0);
  }
  return power.high;
}

/** Runs the program of a set for the t-th step of a row. A chain of choices, because no two threads need be in step. */
ADABELIEF_INLINE void run_program(const LiveSet& live, RowStep& step) {
  double values[most_operations];
  for (std::int32_t i = 0; i < live.operations; ++i) {
    const Operation o = live.program[i];
    const auto is = [&](int op) { return o.op == static_cast<double>(op); };
    if (is(operation::number) || is(operation::step) || is(operation::power)) {
      values[i] = is(operation::number) ? o.a : is(operation::step) ? step.t : power_of(o.a, static_cast<uint64_t>(step.t));
      continue;
    }
    const double a = is(operation::store) ? 0 : values[static_cast<std::int32_t>(o.a)];
    const bool unary = is(operation::negate) || is(operation::root) || is(operation::variant);
    const double b = unary ? 0 : values[static_cast<std::int32_t>(o.b)];
    const double c = is(operation::choose) ? values[static_cast<std::int32_t>(o.c)] : 0;
    double value = b;
    if (is(operation::add)) value = a + b;
    if (is(operation::subtract)) value = a - b;
    if (is(operation::multiply)) value = a * b;
    if (is(operation::divide)) value = a / b;
    if (is(operation::negate)) value = -a;
    if (is(operation::root)) value = square_root(a);
    if (is(operation::less)) value = a < b ? 1 : 0;
    if (is(operation::at_least)) value = a >= b ? 1 : 0;
    if (is(operation::choose)) value = a != 0 ? b : c;
    if (is(operation::store)) step.coefficients[common_coefficients + static_cast<std::int32_t>(o.a)] = static_cast<float>(b);
    if (is(operation::variant)) step.variant = static_cast<std::int32_t>(a);
    values[i] = value;
  }
}

/** The number of a row's next step. */
ADABELIEF_INLINE double next_step(const Launch& launch, uint64_t number) {
  if (launch.one_count == 0) return launch.counts[number] + 1;
  double most = 0;
  for (uint64_t k = 0; k < launch.table_rows; ++k) most = launch.counts[k] > most ? launch.counts[k] : most;
  return most + 1;
}

/** Finds the step of a row, unless the norm of all gradients says that it is left out. One thread a row does. */
ADABELIEF_INLINE void begin_row(const Launch& launch, const Here& here) {
  if (here.thread != 0) return;
  const uint64_t number = launch.rows[launch.pieces[here.block].row].number;
  RowStep& step = launch.steps[number];
  if (launch.slot && launch.slot->skipped != 0) {
    step.t = launch.counts[number];
    step.variant = -1;
    return;
  }
  const LiveSet& live = *launch.live;
  step.t = next_step(launch, number);
  step.variant = live.variant;
  step.stages = live.stages;
  for (int k = 0; k < max_coefficients; ++k) step.coefficients[k] = live.coefficients[k];
  const auto interval = static_cast<uint64_t>(live.interval);
  if (interval != 0 && static_cast<uint64_t>(step.t) % interval == 0) step.stages |= stage::blend;
  run_program(live, step);
}

/** Counts the step of a row, after all rows have found theirs. One thread a row does. */
ADABELIEF_INLINE void end_row(const Launch& launch, const Here& here) {
  if (here.thread != 0) return;
  const uint64_t number = launch.rows[launch.pieces[here.block].row].number;
  launch.counts[number] = launch.steps[number].t;
}

}  // namespace ADABELIEF_SET
}  // namespace adabelief
