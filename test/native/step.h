// A step over a table, prepared and run.
#pragma once

#include "cpu/thread_pool.h"
#include "table/table.h"

/** For steps, of two sets at most, that round nothing stochastically. */
constexpr double noise_of_nothing[4] = {};

/** On all threads of the process. Runs only if the table is ready. */
inline adabelief::Outcome step(adabelief::Table& table, const adabelief::StepRequest& request) {
  const adabelief::Outcome outcome = table.prepare(request);
  if (outcome.kind == adabelief::Outcome::ready) table.run(adabelief::pool_threads());
  return outcome;
}
