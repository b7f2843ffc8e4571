#define ADABELIEF_SET pieces
#include "piece.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "../update/noise.h"
#include "thread_pool.h"

namespace adabelief {

namespace {

/** Rounds the states of a piece, which a kernel has left in `wide`. */
void round_states(const Span& piece, int states, const float (*wide)[reduction_block]) {
  using namespace ADABELIEF_SET;
  for (std::size_t i = 0; i < piece.length; ++i) {
    const std::uint32_t hash = hashed((piece.noise.first + static_cast<std::uint32_t>(i)) ^ piece.noise.key);
    for (int k = 0; k < states; ++k) {
      reinterpret_cast<std::uint16_t*>(piece.state[k])[i] = to_bfloat16(wide[k][i], noise_of_state(k, hash));
    }
  }
}

}  // namespace

PieceUpdate::PieceUpdate(const Plan& plan, const CpuSums& sums, const Kernels& kernels)
    : plan_(plan), sums_(sums), formula_(kernels.formulas[plan.formula()]), elementwise_(kernels.elementwise) {}

Piece PieceUpdate::piece(std::size_t row, std::size_t begin, std::size_t length, const Ahead& ahead) const {
  const PlannedSet& set = plan_.set_of(row);
  Piece piece{row, begin, begin, piece_of(plan_.rows()[row].span, begin, length), set, set.coefficients};
  piece.span.ahead = ahead;
  set_noise(piece, 0);
  return piece;
}

Piece PieceUpdate::piece(std::size_t row, std::size_t begin, std::size_t length, const Ahead& ahead,
                         const TouchedRows::Place& at) const {
  const Row& whole = plan_.rows()[row];
  const TouchedRows& touched = *whole.touched;
  const PlannedSet& set = touched.has_sets() ? plan_.set(touched.set(at)) : plan_.set_of(row);
  const std::size_t element = touched.element(at);
  Piece piece{row, begin, element, piece_of(whole.span, element, length), set, set.coefficients};
  piece.span.grad = touched.grad(at);
  piece.span.ahead = ahead;
  set_noise(piece, 0);
  return piece;
}

Piece PieceUpdate::piece(std::size_t row, std::size_t begin, std::size_t length) const {
  const TouchedRows* touched = plan_.rows()[row].touched;
  return touched ? piece(row, begin, length, {}, touched->place(begin)) : piece(row, begin, length, {});
}

/** Calls `visit(from, length, mean)` for every part of a piece that has one mean. */
template <class Visit>
void PieceUpdate::each_segment(const Piece& piece, const std::vector<double>& sums, const Visit& visit) const {
  const std::size_t segment = plan_.segments().cut(piece.row).segment, end = piece.begin + piece.span.length;
  for (std::size_t at = piece.begin; at < end;) {
    const std::size_t next = std::min(end, (at / segment + 1) * segment);
    const double mean = plan_.segments().sum_at(piece.row, at, sums.data()) / static_cast<double>(segment);
    visit(at - piece.begin, next - at, static_cast<float>(mean));
    at = next;
  }
}

/** Runs a kernel. Where the backend has none for states of 16 bits, they are widened piece by piece, and rounded after it. */
void PieceUpdate::run(const VariantKernels& kernels, const Span& span, const float* coefficients, const Factors& factors) const {
  if (span.state_type == ElementType::float32) return kernels.run_prepared(span, coefficients, factors);
  if (kernels.run_stored) return kernels.run_stored(span, coefficients, factors);
  const int states = plan_.traits().variant[&kernels - formula_.variant].states;
  alignas(64) float wide[max_states][reduction_block];
  for (std::size_t begin = 0; begin < span.length; begin += reduction_block) {
    const Span piece = piece_of(span, begin, std::min<std::size_t>(reduction_block, span.length - begin));
    Span widened = piece;
    for (int k = 0; k < states; ++k) {
      const auto* halves = reinterpret_cast<const std::uint16_t*>(piece.state[k]);
      elementwise_.conversion(span.state_type).widen(wide[k], halves, piece.length);
      widened.state[k] = wide[k];
    }
    kernels.run_prepared(widened, coefficients, factors);
    round_states(piece, states, wide);
  }
}

/** The same over gradients as they are. */
void PieceUpdate::run(const VariantKernels& kernels, const Span& span, const float* coefficients) const {
  if (span.state_type == ElementType::float32) return kernels.run(span, coefficients);
  run(kernels, span, coefficients, {1, 1, 0, 0});
}

/** Writes the prepared gradients of a piece to a buffer. */
void PieceUpdate::prepare(const Piece& piece, float* buffer) const {
  const Span& span = piece.span;
  if (!centralized(piece)) return elementwise_.prepare(buffer, span.grad, span.data, plan_.factors(piece.set), span.length);
  each_segment(piece, sums_.means, [&](std::size_t from, std::size_t length, float mean) {
    elementwise_.prepare(buffer + from, span.grad + from, span.data + from, plan_.factors(piece.set, mean), length);
  });
}

void PieceUpdate::run_formula(Piece& piece) const {
  float completed[max_coefficients];
  if (formula_.with_norms) {
    std::copy_n(piece.coefficients, plan_.traits().coefficients, completed);
    const SumLayout& tensors = plan_.tensors();
    formula_.with_norms(completed, std::sqrt(tensors.sum_at(piece.row, 0, sums_.data_squares.data())),
                        std::sqrt(tensors.sum_at(piece.row, 0, sums_.gradient_squares.data())));
    piece.coefficients = completed;
  }
  if (centralized(piece)) {
    run_centralized(piece);
  } else if (untouched(piece)) {
    run(kernels_of(piece), piece.span, piece.coefficients);
  } else {
    run(kernels_of(piece), piece.span, piece.coefficients, plan_.factors(piece.set));
  }
}

/** Runs long segments one by one, straight from memory. The gradients of short ones are prepared in a buffer. */
void PieceUpdate::run_centralized(Piece& piece) const {
  constexpr std::size_t worth_a_call = 1024;
  if (plan_.segments().cut(piece.row).segment < worth_a_call) {
    alignas(64) float buffer[chunk_length];
    prepare(piece, buffer);
    piece.span.grad = buffer;
    return run(kernels_of(piece), piece.span, piece.coefficients);
  }
  each_segment(piece, sums_.means, [&](std::size_t from, std::size_t length, float mean) {
    Span segment = piece_of(piece.span, from, length);
    const bool last = from + length == piece.span.length;
    segment.ahead = last ? piece.span.ahead : addresses_from(piece.span, from + length);
    run(kernels_of(piece), segment, piece.coefficients, plan_.factors(piece.set, mean));
  });
}

struct PieceUpdate::FirstStages {
  const PieceUpdate& step;
  Piece& piece;
  float* slow() const { return element_of(step.plan_.rows()[piece.row].slow, piece.element); }
  float* average() const { return element_of(step.plan_.rows()[piece.row].ema, piece.element); }
  void begin() const { std::memcpy(slow(), piece.span.data, piece.span.length * sizeof(float)); }
  void update() const { step.run_formula(piece); }
  void blend() const { step.elementwise_.blend(piece.span.out, slow(), piece.set.common.alpha, piece.span.length); }
  void begin_ema() const { std::memcpy(average(), piece.span.out, piece.span.length * sizeof(float)); }
  void ema() const { step.elementwise_.average(average(), piece.span.out, piece.set.common.ema_weight, piece.span.length); }
};

struct PieceUpdate::SecondStages : FirstStages {
  void update() const {
    alignas(64) float means[chunk_length];
    std::fill_n(means, piece.span.length, 0.0f);
    if (step.plan_.segments().has(piece.row)) {
      step.each_segment(piece, step.sums_.directions,
                        [&](std::size_t from, std::size_t length, float mean) { std::fill_n(means + from, length, mean); });
    }
    piece.span.grad = means;
    step.set_noise(piece, 1);
    step.run(step.formula_.variant[piece.set.following], piece.span, piece.coefficients);
  }
};

void PieceUpdate::update(Piece& piece) const {
  const FirstStages stages{*this, piece};
  run_stages(piece.set.stages, piece.set.half(), stages);
  run_average(piece.set.stages, piece.set.half(), stages);
}

void PieceUpdate::complete(Piece& piece) const {
  if (piece.set.half() != Half::first) return;
  const SecondStages stages{{*this, piece}};
  run_stages(piece.set.stages, Half::second, stages);
  run_average(piece.set.stages, Half::second, stages);
}

double PieceUpdate::square_of_gradients(std::size_t row, std::size_t begin, std::size_t length, std::size_t after) const {
  const Row& whole = plan_.rows()[row];
  if (whole.touched) return square_of_block(*whole.touched, begin / reduction_block);
  return elementwise_.sum_of_squares(element_of(whole.span.grad, begin), plan_.scale, length, after);
}

/** The sum over a block of the tensor. Rows that are not touched would add zeros. */
double PieceUpdate::square_of_block(const TouchedRows& touched, std::size_t block) const {
  double sums[reduction_lanes] = {};
  touched.each_in_block(block, [&](std::size_t within, const float* grad, std::size_t length) {
    elementwise_.add_squares(sums, within, grad, plan_.scale, length);
  });
  return elementwise_.fold(sums);
}

double PieceUpdate::square_of_data(std::size_t row, std::size_t begin, std::size_t length, std::size_t after) const {
  return elementwise_.sum_of_squares(element_of(plan_.rows()[row].span.data, begin), 1, length, after);
}

double PieceUpdate::square_of_prepared(std::size_t row, std::size_t begin, std::size_t length, std::size_t after) const {
  const Piece part = piece(row, begin, length);
  if (untouched(part) && !centralized(part)) return elementwise_.sum_of_squares(part.span.grad, 1, length, after);
  alignas(64) float buffer[reduction_block];
  prepare(part, buffer);
  return elementwise_.sum_of_squares(buffer, 1, length, 0);
}

double PieceUpdate::sum_of_prepared(std::size_t row, std::size_t begin, std::size_t length, std::size_t after) const {
  const Piece part = piece(row, begin, length);
  if (untouched(part)) return elementwise_.sum(part.span.grad, length, after);
  alignas(64) float buffer[reduction_block];
  elementwise_.prepare(buffer, part.span.grad, part.span.data, plan_.factors(part.set), length);
  return elementwise_.sum(buffer, length, 0);
}

double PieceUpdate::sum_of_directions(std::size_t row, std::size_t begin, std::size_t length, std::size_t after) const {
  Piece part = piece(row, begin, length);
  if (part.span.state_type == ElementType::float32) return kernels_of(part).directions(part.span, part.coefficients, after);
  alignas(64) float states[max_states][reduction_block];
  for (int k = 0; k < plan_.rows()[row].states; ++k) {
    const auto* halves = reinterpret_cast<const std::uint16_t*>(part.span.state[k]);
    elementwise_.conversion(part.span.state_type).widen(states[k], halves, length);
    part.span.state[k] = states[k];
  }
  return kernels_of(part).directions(part.span, part.coefficients, 0);
}

}  // namespace adabelief
