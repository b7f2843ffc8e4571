// The update of one piece of a row, on the processor.
#pragma once

#include <cstddef>
#include <vector>

#include "../core/kernels.h"
#include "../table/plan.h"

namespace adabelief {

/** The sums of the host's rows, in the layouts of a plan. */
struct CpuSums {
  std::vector<double> means, directions;               // by segments
  std::vector<double> data_squares, gradient_squares;  // by tensors
};

/** A piece of a row, with its coefficients. */
struct Piece {
  std::size_t row, begin;
  std::size_t element;  // of the tensor, where it begins
  Span span;
  const PlannedSet& set;
  const float* coefficients;  // the formula's
};

/** The step at hand, as far as a piece is concerned. Threads share it. */
class PieceUpdate {
 public:
  PieceUpdate(const Plan& plan, const CpuSums& sums, const Kernels& kernels);

  const Plan& plan() const { return plan_; }

  /** A piece of a row without a sparse gradient. */
  Piece piece(std::size_t row, std::size_t begin, std::size_t length, const Ahead& ahead) const;
  /** A piece of a touched row, and its place among them. */
  Piece piece(std::size_t row, std::size_t begin, std::size_t length, const Ahead& ahead, const TouchedRows::Place& at) const;
  /** A piece of either. */
  Piece piece(std::size_t row, std::size_t begin, std::size_t length) const;

  /** The update, or its first half. */
  void update(Piece& piece) const;
  /** The second half, where there is one. */
  void complete(Piece& piece) const;

  double square_of_gradients(std::size_t row, std::size_t begin, std::size_t length, std::size_t after) const;
  double square_of_data(std::size_t row, std::size_t begin, std::size_t length, std::size_t after) const;
  double square_of_prepared(std::size_t row, std::size_t begin, std::size_t length, std::size_t after) const;
  double sum_of_prepared(std::size_t row, std::size_t begin, std::size_t length, std::size_t after) const;
  double sum_of_directions(std::size_t row, std::size_t begin, std::size_t length, std::size_t after) const;

 private:
  struct FirstStages;
  struct SecondStages;

  bool centralized(const Piece& piece) const { return piece.set.centralized && plan_.segments().has(piece.row); }
  /** Whether the formula gets the gradients as they are, apart from a mean. */
  bool untouched(const Piece& piece) const {
    const Factors factors = plan_.factors(piece.set);
    return factors.scale == 1 && factors.clip == 1 && factors.decay == 0;
  }
  double square_of_block(const TouchedRows& touched, std::size_t block) const;
  /** By what the states of a piece are rounded, where they have fewer bits. */
  void set_noise(Piece& piece, std::uint64_t pass) const {
    if (piece.span.state_type == ElementType::float32) return;
    piece.span.noise = noise_from(piece.set.noise, plan_.rows()[piece.row].noise, piece.element, pass);
  }
  const VariantKernels& kernels_of(const Piece& piece) const { return formula_.variant[piece.set.variant]; }
  template <class Visit>
  void each_segment(const Piece& piece, const std::vector<double>& sums, const Visit& visit) const;
  void prepare(const Piece& piece, float* buffer) const;
  void run(const VariantKernels& kernels, const Span& span, const float* coefficients, const Factors& factors) const;
  void run(const VariantKernels& kernels, const Span& span, const float* coefficients) const;
  void run_formula(Piece& piece) const;
  void run_centralized(Piece& piece) const;

  const Plan& plan_;
  const CpuSums& sums_;
  const FormulaKernels& formula_;
  const Elementwise& elementwise_;
};

}  // namespace adabelief
