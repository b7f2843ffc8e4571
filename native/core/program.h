// How a device finds the coefficients of a step itself, where the number of the step is known to it alone: plain data, which
// JavaScript writes (lib/step/live-sets.ts, lib/rule/program.ts).
#pragma once

#include <cstddef>
#include <cstdint>

#include "coefficients.h"

namespace adabelief {

/** An operation and its operands: the numbers of earlier operations, unless something else is said. */
struct Operation {
  double op, a, b, c;
};

/** The operations on doubles, each rounded once. */
namespace operation {
constexpr int number = 0;  // a itself
constexpr int step = 1;    // the number of the step, from 1
constexpr int power = 2;   // a itself, in [0, 1), to the power of the step's number
constexpr int add = 3, subtract = 4, multiply = 5, divide = 6, negate = 7, root = 8;
constexpr int less = 9, at_least = 10;  // a < b, a ≥ b: 1 or 0
constexpr int choose = 11;              // where a is not 0, b, else c
constexpr int store = 12;               // makes b the coefficient with the number a itself
constexpr int variant = 13;             // makes a the variant of the step
}  // namespace operation

constexpr int most_operations = 96;

/** What a device must know of a set of coefficients. */
struct LiveSet {
  float coefficients[max_coefficients];  // apart from those that the program stores: Common, then the formula's own
  std::int32_t variant, other;           // that a step may have; −1: there is no other
  std::int32_t stages;                   // all but Lookahead's blend
  std::int32_t operations;
  double interval;  // of Lookahead's blend, in steps; 0: there is none
  Operation program[most_operations];
};
static_assert(sizeof(LiveSet) == offsetof(LiveSet, program) + sizeof(Operation) * most_operations && sizeof(LiveSet) % 8 == 0,
              "JavaScript and devices see it without padding");

/** What a device found for the step of a row. */
struct RowStep {
  double t;
  std::int32_t variant;  // −1: the row is not updated
  std::int32_t stages;
  float coefficients[max_coefficients];
};

/** Where a device keeps all that, by the rows' numbers in the table and by sets. All null: it finds nothing itself. */
struct DeviceSteps {
  double* counts = nullptr;  // of the steps so far
  RowStep* rows = nullptr;
  LiveSet* sets = nullptr;
  std::size_t room_for_rows = 0, room_for_sets = 0;
  std::uint64_t number = 0;  // of this memory: other memory may get the same addresses later
};

}  // namespace adabelief
