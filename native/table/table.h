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
  /** The elements that share one index of the first dimension. */
  std::size_t width(int row) const {
    const Row& found = rows_[static_cast<std::size_t>(row)];
    return found.first == 0 ? 0 : found.span.length / found.first;
  }
  int place(int row) const { return rows_[static_cast<std::size_t>(row)].place; }
  /** The table's own memory, about. */
  std::size_t bytes() const {
    return rows_.capacity() * (sizeof(Row) + sizeof(std::int32_t)) + writable_.bytes() + touched_bytes_;
  }

  void resize(int rows);
  /** Sets the number of dimensions of a row, and the first of them. */
  void shape(int row, int dimensions, std::size_t first);
  /** Sets what the noise of a row depends on. */
  void noise(int row, const NoiseOfRow& noise) { rows_[static_cast<std::size_t>(row)].noise = noise; }
  /** Sets the memory of a row. `states` of the span's state pointers count; `slow` are Lookahead's weights, or null, and `ema` is
   * the moving average, or null. */
  void bind(int row, const Span& span, int states, float* slow = nullptr, float* ema = nullptr, int place = host);
  void bind_grad(int row, const float* grad);
  /** Gives a row a sparse gradient, of as many values as its rows have. It is copied, apart from the values. False: one of its
   * rows is none of the tensor's. */
  bool bind_sparse(int row, const SparseGradient& gradient);
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
  /** How many elements the step that was prepared will update. */
  std::size_t elements() const;
  /** Runs the step that was prepared, on at most `threads` threads of the processor. Work on devices is launched and not waited
   * for. Throws an EngineError: of kind `lost` where something was written before. */
  void run(int threads);
  /** Waits for all that was launched. */
  void synchronize();

  /** Calls `visit(memory, bytes, written)` for the memory of every row at work. */
  void each_memory(const std::function<void(const void* memory, std::size_t bytes, bool written)>& visit) const;

 private:
  /** The engine of one place, once it is needed. */
  struct Seat {
    std::unique_ptr<Engine> engine;
    Changes changes{true, true, true};
    bool at_work = false;
  };

  template <class Visit>
  void each_at_play(const StepRequest& request, const Visit& visit) const;
  bool can_find_steps(const StepRequest& request) const;
  void note_grad(int row, const float* grad, TouchedRows* touched);
  void note_touched(const StepRequest& request);
  bool valid(const StepRequest& request) const;
  bool valid(const StepRequest& request, const Row& row) const;
  void note_parts(const StepRequest& request);
  Overlap check_overlap();
  Overlap find_overlap();
  Overlap find_lease() const;
  void take_seats();
  void prepare_engines();
  bool leave_norm();
  bool sum_squares();
  void run_passes();

  std::vector<Row> rows_;
  std::map<int, TouchedRows> touched_;       // by row, for all that had a sparse gradient
  std::size_t touched_bytes_ = 0;            // their memory
  std::vector<std::size_t> active_touched_;  // the rows that are to be updated by a sparse gradient
  std::vector<std::int32_t> parts_;          // by row, of the step at hand: `active_part`, `skipped` or `ignored`
  std::vector<std::size_t> active_;          // the rows that are to be updated
  std::vector<char> grad_changed_;           // by row, since its gradient was last checked
  Plan plan_;
  WritableMemory writable_;     // of the rows that are present
  bool changed_ = true;         // whether any memory but a gradient's is new since overlap was last checked
  bool active_changed_ = true;  // whether other rows are to be updated
  bool grads_new_ = true;       // whether any gradient is new
  std::vector<double> squares_;
  struct {
    NormSlot* begin;
    std::size_t count;
    int place;
  } slots_{};
  std::map<int, Seat, std::greater<>> seats_;  // by place: the host comes last, and works while devices do
};

}  // namespace adabelief
