// What a step is asked to do, in memory that JavaScript writes and reads.
#pragma once

#include <cstdint>

#include "../core/program.h"

namespace adabelief {

/** In the place of a set of coefficients: a row that is not updated, but over whose memory nothing else may lie; and a row whose
 * memory is not known, which is left out of everything. */
constexpr std::int32_t skipped = -1, ignored = -2;

/** What happens to all gradients at once, and what was found. Numbers, because JavaScript writes and reads them. */
struct Gradients {
  double scale = 1;
  double clip = 1;       // a factor that somebody else found, where `max_norm` is negative
  double max_norm = -1;  // clips where it is not negative
  double skip_non_finite = 0;
  double norm = -1;       // after scaling, before clipping; -1 where it was not computed; `left_on_device`
  double skipped = 0;     // 1: nothing was updated
  double slot = -1;       // the number of the slot on a device that is free for the norm; -1: there is none
  double capturable = 0;  // 1: devices find the steps of their rows; 2: and the stream is being captured into a graph
  double one_count = 0;   // 1: all rows of the table have one count of steps, for devices that find it
};

/** In the place of a norm: it is in its slot on the device. */
constexpr double left_on_device = -2;

/** Where a device leaves the norm of a step, and the factor by which the step clips. */
struct NormSlot {
  double norm;
  float clip;
  float skipped;  // 1: the step is left out, where a device decides that
};

struct StepRequest {
  const std::int32_t* set_of_row;  // by row: its set of coefficients, `skipped` or `ignored`
  const std::int32_t* variants;    // [sets]
  const std::int32_t* stages;      // [sets]
  const float* coefficients;       // [sets][max_coefficients], each Common and then the formula's own
  const double* noise;             // [sets][2]: the seed, and the number of the step; both are whole
  int sets;
  Gradients* gradients;
  const LiveSet* live = nullptr;  // [sets], where devices find the steps of their rows
};

}  // namespace adabelief
