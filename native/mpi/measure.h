// What exchanges cost, for the benchmark.
#pragma once

#include "world.h"

namespace adabelief::mpi {

/** JavaScript knows them by their numbers (lib/bench/mpi.ts). */
enum class Cost {
  agreement,  // one agreement on nothing
  transfer,   // everybody's part of some memory to everybody, and nothing else
  exchange,   // what a step does: gradients summed by their owners, parameters back to all
  allreduce   // the library's own sum of as many floats, in place
};

/** The seconds that one takes on this rank, all ranks having begun together. `data` is written. */
double seconds_of(World& world, Cost cost, float* data, std::size_t length, std::size_t bucket, unsigned repeats);

}  // namespace adabelief::mpi
