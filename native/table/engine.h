// The interface of an engine, which runs steps over the rows of one place. A new engine implements it and is made in
// native/engines.cpp.
#pragma once

#include <memory>

#include "../core/error.h"
#include "plan.h"

namespace adabelief {

/** What changed in the rows of an engine since its last `prepare`. */
struct Changes {
  bool rows;       // their memory, or which of them are at work
  bool gradients;  // other arrays
  bool touched;    // other rows or values of sparse gradients
};

/** Runs steps over the rows of one place. Every call but `wait` has the plan of the step at hand. */
class Engine {
 public:
  virtual ~Engine() = default;

  /** Allocates and loads all that the step needs. Where it throws, nothing that a caller could see was changed. */
  virtual void prepare(const Plan& plan, Changes changes) = 0;

  /** Sums the squares of scaled gradients by block, and waits for them. `sums` has the layout of `plan.tensors()`. */
  virtual void sum_squares(const Plan& plan, double* sums) = 0;

  /** Finds the norm of all gradients, and the factor that clips it, into a slot of the engine's device, without waiting. False:
   * this engine cannot, and did nothing. */
  virtual bool leave_norm(const Plan&, NormSlot*) { return false; }

  /** Finds the step of every row, where that is the engine's task; and counts it after all passes. */
  virtual void begin_steps(const Plan&) {}
  virtual void end_steps(const Plan&) {}

  /** Brings what the host knows of so many sets to where the engine finds steps, in the order of a stream. */
  virtual void write_live(const Plan&, const LiveSet*, std::size_t, void*) {}

  /** Runs one pass, or launches it. Throws an EngineError: of kind `lost` where a part of the pass was done. */
  virtual void run(const Plan& plan, Pass pass) = 0;

  /** Waits for what was launched. */
  virtual void wait() = 0;
};

/** The engine for the rows of a place: `host`, or the number of a device. Throws an EngineError where there is none. */
std::unique_ptr<Engine> make_engine(int place);

}  // namespace adabelief
