// Why something that ranks do together came to nothing.
#pragma once

#include <stdexcept>
#include <string>

namespace adabelief::mpi {

/** JavaScript knows them by their numbers (lib/mpi/agreement.ts). */
enum class Fault {
  peer = 1,      // a rank refused, before anything was exchanged
  disagree = 2,  // the ranks were about to do different things
  timeout = 3,   // another rank gave no answer: nothing can be exchanged any more
  lost = 4       // a call of MPI failed: nothing can be exchanged any more
};

class Failure : public std::runtime_error {
 public:
  Failure(Fault fault, const std::string& message, int rank = -1, int part = -1)
      : std::runtime_error(message), fault(fault), rank(rank), part(part) {}

  /** Whether the world is at an end. */
  bool is_final() const { return fault == Fault::timeout || fault == Fault::lost; }

  const Fault fault;
  const int rank;  // whose, or -1
  const int part;  // of the agreement, or -1
};

}  // namespace adabelief::mpi
