// Before anything is exchanged the ranks agree on what they are about to do. Where they do not, every rank learns which one is to
// blame, and nothing has been changed.
#pragma once

#include <array>
#include <string>

#include "world.h"

namespace adabelief::mpi {

/** JavaScript has a name for each part (lib/mpi/agreement.ts). */
constexpr std::size_t agreement_parts = 8;

struct Agreement {
  bool ok = true;  // false: this rank refuses, for the reason in `message`
  std::array<double, agreement_parts> parts{};
  std::string message;
};

/**
 * Compares what every rank is about to do, in one reduction of a few bytes. Only where that fails are the records themselves
 * exchanged.
 *
 * Throws a Failure that is the same on every rank: `peer` with the rank that refused and its message, or `disagree` with the rank
 * and the part.
 */
void agree(World& world, const Agreement& agreement);

}  // namespace adabelief::mpi
