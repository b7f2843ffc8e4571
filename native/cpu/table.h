// The tensors of one optimizer, registered once: a row each with the memory of its data, gradient and state. A step is one call
// that looks at no more than what changed. The table owns no memory and keeps none alive: its caller does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "../cuda/device_rows.h"
#include "backend.h"
#include "block.h"
#include "lease.h"
#include "reduction.h"

namespace adabelief {

/** What a piece of memory is to its parameter. Roles from `state` on are state arrays, the last of them Lookahead's. */
enum class Role : int { data, out, grad, state, slow = state + max_states };

/** Two pieces of memory that must be disjoint and are not. */
struct Overlap {
  bool found;
  int row, other_row;
  Role role, other_role;
};

/** Instead of the number of a device: a row of the processor's own memory. */
constexpr int host = -1;

/** Instead of a set of coefficients: a row that is left as it is, but whose memory nothing else may lie over; and a row whose
 * memory is not known, which is ignored. */
constexpr std::int32_t skipped = -1, ignored = -2;

/** What a step does to all gradients at once, and what it found: numbers, because JavaScript writes and reads them. */
struct Gradients {
  double scale = 1;
  double max_norm = -1;  // clips where it is not negative
  double skip_non_finite = 0;
  double norm = -1;    // after scaling, before clipping; -1 where nobody asked
  double skipped = 0;  // 1: nothing was updated
};

/** What a step does: for each row the index of its set of coefficients, `skipped` or `ignored`. */
struct Work {
  const std::int32_t* set_of_row;
  const std::int32_t* variants;  // [sets]
  const std::int32_t* stages;    // [sets]
  const float* coefficients;     // [sets][max_coefficients], each Common and then the formula's
  int sets;
  Gradients* gradients;
};

enum class Outcome { done, overlap, leased, invalid };

class Table {
 public:
  /** @param formula the name of one that there is */
  explicit Table(const char* formula);

  int rows() const { return static_cast<int>(rows_.size()); }
  std::size_t length(int row) const { return rows_[static_cast<std::size_t>(row)].span.length; }
  /** Bytes that the table itself takes. */
  std::size_t bytes() const {
    return rows_.capacity() * sizeof(Row) + writable_.capacity() * sizeof(Interval) + chunks_.capacity() * sizeof(Place);
  }

  void resize(int rows);
  /** Gives a row its shape, as far as it matters: the number of dimensions and the first of them. */
  void shape(int row, int dimensions, std::size_t first);
  /** Gives a row its memory; `states` of its state pointers count. `slow` are Lookahead's weights, or null. */
  void bind(int row, const Span& span, int states, float* slow = nullptr, int device = host);
  void bind_grad(int row, const float* grad);
  int device(int row) const { return rows_[static_cast<std::size_t>(row)].device; }
  /** Checks the rows at work: for overlap where anything changed, and for memory that another step is using (named in `overlap`
   * as `row` and `role`). Where the outcome is `done`, `run` may follow. Throws CudaError; nothing was written then. */
  Outcome prepare(const Work& work, Overlap& overlap);

  /** Updates the rows at work, on at most `threads` threads; rows of a device are launched, and not waited for. What `prepare`
   * saw must not have changed. Throws CudaError, of kind `lost` where something was written before. */
  void run(const Work& work, int threads);

  /** Both, on the threads of the process. On any outcome but `done` nothing was written. */
  Outcome step(const Work& work, Overlap& overlap);

  /** The stream that rows of devices are launched on from now on; null: the legacy default stream. */
  void use_stream(cu::Stream stream) { stream_ = stream; }
  /** Waits for all that was launched. */
  void synchronize();

  /** Leases the memory of the rows at work, and holds what of it is counted natively. For a run on another thread. */
  struct Hold {
    std::shared_ptr<Lease> lease;
    std::vector<std::shared_ptr<Block>> blocks;
  };
  Hold hold() const;

 private:
  struct Row {
    Span span{};
    float* slow = nullptr;
    int states = 0;
    bool bound = false;
    bool present = false;  // not ignored
    bool active = false;   // to be updated
    bool grad_changed = false;
    int device = host;
    int successor = -1;  // the row on the host that is updated after this one, or −1
    int dimensions = 1;
    std::size_t first = 1;
  };
  struct Interval {
    std::uintptr_t begin, end;
    int row;
    Role role;
  };

  /** Where a chunk begins. It ends where the next one begins. */
  struct Place {
    int row;
    std::size_t offset;
  };
  struct Run;

  const Formula& formula() const { return current_backend().loops->formulas[formula_]; }
  void cut();
  void plan(const Work& work, const Formula& formula);
  std::size_t segment(const Row& row, std::int32_t stages) const;
  bool valid(const Work& work, const Formula& formula) const;
  Overlap index_writable();
  Overlap find_overlap(int row) const;
  Overlap check_active(const Work& work);
  Overlap find_lease() const;

  void prepare_devices(const Work& work, const Formula& formula);
  void lay_out_devices(const Work& work);
  void describe_sets(const Work& work, const Formula& formula);
  DeviceRow device_row(int i) const;
  void sum_on_devices(Reduction& into);
  void run_on_devices(float scale, float clip);

  std::ptrdiff_t formula_;  // its place, the same in every backend
  std::vector<Row> rows_;
  std::vector<Interval> writable_;  // of the rows that are present, sorted, disjoint
  std::vector<Place> chunks_;       // of the active rows, with the end after the last
  std::size_t elements_ = 0;        // of the active rows
  Needs needs_{};
  Reduction squares_, means_, directions_, data_norms_, grad_norms_;
  bool changed_ = true;

  // What lies on devices: by number, null where nothing does.
  std::vector<std::unique_ptr<DeviceRows>> devices_;
  std::vector<DeviceSet> device_sets_;  // of the step at hand
  std::vector<std::int32_t> laid_out_;  // of which step the devices have the list: its sets by row, their variants and stages
  bool on_devices_ = false;             // whether any row is there
  bool devices_changed_ = true;
  cu::Stream stream_ = nullptr;
};

}  // namespace adabelief
