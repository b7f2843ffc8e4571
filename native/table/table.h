// The tensors of one optimizer, registered once, a row each. A step checks what changed, plans, and has the engines run it. The
// table owns no memory of the tensors and keeps none alive: its caller does.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "engine.h"
#include "overlap.h"
#include "plan.h"

namespace adabelief {

/** What `prepare` found. */
struct Outcome {
  enum Kind {
    ready,
    overlap,  // of the memory in `where`
    leased,   // another step is using the memory that `where` names as `row` and `role`
    invalid   // the request does not fit the table
  } kind;
  Overlap where;
};

class Table {
 public:
  /** @param formula its number */
  explicit Table(int formula);
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  int rows() const { return static_cast<int>(rows_.size()); }
  std::size_t length(int row) const { return rows_[static_cast<std::size_t>(row)].span.length; }
  int place(int row) const { return rows_[static_cast<std::size_t>(row)].place; }
  /** The table's own memory, about. */
  std::size_t bytes() const { return rows_.capacity() * (sizeof(Row) + sizeof(Standing)) + writable_.bytes(); }

  void resize(int rows);
  /** Sets the number of dimensions of a row, and the first of them. */
  void shape(int row, int dimensions, std::size_t first);
  /** Sets the memory of a row. `states` of the span's state pointers count; `slow` are Lookahead's weights, or null, and `ema` is
   * the moving average, or null. */
  void bind(int row, const Span& span, int states, float* slow = nullptr, float* ema = nullptr, int place = host);
  void bind_grad(int row, const float* grad);
  /** Sets the stream in whose order devices work from now on; null: their legacy default stream. */
  void use_stream(void* stream) { plan_.stream = stream; }
  /** Sets the slots that a device may leave norms in, so many from `slots` on; null: none. */
  void use_slots(NormSlot* slots, std::size_t count, int place) { slots_ = {slots, count, place}; }

  /** Sets where a device keeps what it finds of steps. */
  void use_steps(const DeviceSteps& steps) {
    const std::uint64_t number = plan_.steps.number + 1;
    plan_.steps = steps;
    plan_.steps.number = number;
  }
  /** Brings what the host knows of sets to the devices that find steps, in the order of a stream. */
  void write_live(const LiveSet* live, std::size_t sets, void* stream);

  /** Checks and plans a step. After `ready`, `run` may follow. Otherwise, and where it throws an EngineError, nothing was
   * written. */
  Outcome prepare(const StepRequest& request);
  /** Runs the step that was prepared, on at most `threads` threads of the processor. Work on devices is launched and not waited
   * for. Throws an EngineError: of kind `lost` where something was written before. */
  void run(int threads);
  /** Waits for all that was launched. */
  void synchronize();

  /** Calls `visit(memory, bytes, written)` for the memory of every row at work. */
  void each_memory(const std::function<void(const void* memory, std::size_t bytes, bool written)>& visit) const;

 private:
  /** What a row is in the step at hand. */
  struct Standing {
    bool present = false;  // not ignored
    bool active = false;   // to be updated
    bool grad_changed = false;
  };
  /** The engine of one place, once it is needed. */
  struct Seat {
    std::unique_ptr<Engine> engine;
    Changes changes{true, true};
    bool at_work = false;
  };

  bool can_find_steps(const StepRequest& request) const;
  bool valid(const StepRequest& request) const;
  bool note_standing(const StepRequest& request);
  Overlap check_overlap();
  Overlap find_lease() const;
  void take_seats();
  void prepare_engines();
  bool leave_norm();
  bool sum_squares();
  void run_passes();

  std::vector<Row> rows_;
  std::vector<Standing> standing_;
  Plan plan_;
  WritableMemory writable_;  // of the rows that are present
  bool changed_ = true;      // whether anything but a gradient is new since overlap was last checked
  std::vector<double> squares_;
  struct {
    NormSlot* begin;
    std::size_t count;
    int place;
  } slots_{};
  std::map<int, Seat, std::greater<>> seats_;  // by place: the host comes last, and works while devices do
};

}  // namespace adabelief
