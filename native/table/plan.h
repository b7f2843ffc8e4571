// A step as the engines see it: the rows of a table, what is asked for, and what must be known of whole tensors.
#pragma once

#include <vector>

#include "../core/coefficients.h"
#include "../core/formula.h"
#include "../core/reduction.h"
#include "../core/stages.h"
#include "../update/factors.h"
#include "each_of.h"
#include "request.h"
#include "row.h"

namespace adabelief {

/** One set of coefficients. */
struct PlannedSet {
  int variant;
  int other;      // the variant that rows may have instead, where a device finds it; or -1
  int following;  // the variant that completes it, or -1
  std::int32_t stages;
  bool centralized;  // its gradients are, before they reach the formula
  Common common;
  const float* coefficients;  // the formula's own
  NoiseOfStep noise;

  Half half() const { return following < 0 ? Half::whole : Half::first; }
};

/** Made by the table for each step. Engines read it. It allocates nothing while a step runs. */
class Plan {
 public:
  Plan(const std::vector<Row>& rows, int formula);

  /** Plans a step over rows that are valid. `touched` are those to be updated by a sparse gradient. */
  void make(const StepRequest& request, const std::vector<std::size_t>& touched = {});

  const std::vector<Row>& rows() const { return rows_; }
  int formula() const { return formula_; }
  const FormulaTraits& traits() const { return formulas().begin[formula_]; }
  const StepRequest& request() const { return request_; }
  const std::vector<PlannedSet>& sets() const { return sets_; }
  const Needs& needs() const { return needs_; }

  /** The rows to be updated by a sparse gradient, in their order. */
  const std::vector<std::size_t>& touched() const { return touched_; }
  /** Whether a row is to be updated. */
  bool active(std::size_t row) const { return request_.set_of_row[row] >= 0; }
  /** Calls `visit(row)` for the rows to be updated. */
  template <class Visit>
  void each_active(const Visit& visit) const {
    each_of(
        rows_.size(), [sets = request_.set_of_row](std::size_t row) { return sets[row] >= 0; }, visit);
  }
  const PlannedSet& set(std::int32_t number) const { return sets_[static_cast<std::size_t>(number)]; }
  const PlannedSet& set_of(std::size_t row) const { return set(request_.set_of_row[row]); }

  /** Whole tensors, for norms. Empty where no norm is needed. */
  const SumLayout& tensors() const { return tensors_; }
  /** The segments of centralized tensors, for means of gradients or of directions. */
  const SumLayout& segments() const { return segments_; }

  /** Whether devices find the steps of their rows; and whether their work is captured into a graph. */
  bool capturable() const { return request_.gradients->capturable != 0; }
  bool captured() const { return request_.gradients->capturable == 2; }

  Factors factors(const PlannedSet& set, float mean = 0) const {
    return {scale * set.common.sign(), clip, set.common.decay, mean};
  }

  // Set by the table before a run.
  float scale = 1, clip = 1;  // of all gradients; where a set maximizes, its sign joins the scale
  int threads = 1;
  NormSlot* slot = nullptr;  // on the device: its factor clips instead of `clip`; null: there is none
  DeviceSteps steps{};       // where a device keeps what it finds of steps
  void* stream = nullptr;    // in whose order devices work; null: their legacy default stream

 private:
  void read_sets();
  void lay_out();
  void lay_out(std::size_t row);

  const std::vector<Row>& rows_;
  const int formula_;
  StepRequest request_{};
  std::vector<std::size_t> touched_;
  std::vector<PlannedSet> sets_;
  Needs needs_{};
  SumLayout tensors_, segments_;
};

}  // namespace adabelief
