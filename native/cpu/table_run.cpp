// A step over a table: first what must be known of whole tensors (norms, means), then every chunk once.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "../update/clip.h"
#include "float_environment.h"
#include "table.h"
#include "team.h"

namespace adabelief {

/** What a step under way has to know, and its work on a piece of a row. */
struct Table::Run {
  const Table& table;
  const Work& work;
  const Formula& formula;
  const Passes& passes;
  float scale = 1, clip = 1;

  /** A piece of a row, with its coefficients. */
  struct Piece {
    int row;
    std::size_t begin;
    Span span;
    float* slow;
    std::int32_t stages;
    const Variant& variant;
    Common common;
    const float* coefficients;  // the formula's
  };

  const Span& span(int i) const { return table.rows_[static_cast<std::size_t>(i)].span; }

  /** What comes after a row's element before `end`. */
  Ahead after(const Row& row, std::size_t end) const {
    if (end < row.span.length) return memory_from(row.span, end, true);
    return row.successor < 0 ? Ahead{} : memory_from(span(row.successor), 0, false);
  }

  Piece piece(int i, std::size_t begin, std::size_t length) const {
    const Row& row = table.rows_[static_cast<std::size_t>(i)];
    const auto set = static_cast<std::size_t>(work.set_of_row[i]);
    const float* coefficients = work.coefficients + set * max_coefficients;
    Common common;
    std::memcpy(&common, coefficients, sizeof common);
    return {i,
            begin,
            piece_of(row.span, begin, length),
            row.slow ? row.slow + begin : nullptr,
            work.stages[set],
            formula.variant[work.variants[set]],
            common,
            coefficients + common_coefficients};
  }

  Factors factors(const Piece& piece, float mean = 0) const { return {scale, clip, piece.common.decay, mean}; }
  bool centralized(const Piece& piece) const { return table.needs_.means && table.means_.has(piece.row); }
  /** Whether gradients are what the formula sees, but for a mean. */
  bool untouched(const Piece& piece) const { return scale == 1 && clip == 1 && piece.common.decay == 0; }

  /** Prepares gradients in a buffer. */
  void prepare(const Piece& piece, float* buffer) const {
    const Span& span = piece.span;
    if (!centralized(piece)) return passes.prepare(buffer, span.grad, span.data, factors(piece), span.length);
    each_segment(piece, table.means_, [&](std::size_t from, std::size_t length, float mean) {
      passes.prepare(buffer + from, span.grad + from, span.data + from, factors(piece, mean), length);
    });
  }

  /** Calls `visit(from, length, mean)` for every part of a piece that has one mean. */
  template <class Visit>
  static void each_segment(const Piece& piece, const Reduction& means, const Visit& visit) {
    const std::size_t segment = means.segment(piece.row), end = piece.begin + piece.span.length;
    for (std::size_t at = piece.begin; at < end;) {
      const std::size_t next = std::min(end, (at / segment + 1) * segment);
      const double mean = means.of(piece.row, at) / static_cast<double>(segment);
      visit(at - piece.begin, next - at, static_cast<float>(mean));
      at = next;
    }
  }

  void update(Piece& piece) const {
    const Span& span = piece.span;
    if ((piece.stages & stage::begin) != 0) std::memcpy(piece.slow, span.data, span.length * sizeof(float));
    float completed[max_coefficients];
    if (formula.with_norms) {
      std::copy_n(piece.coefficients, formula.coefficients, completed);
      formula.with_norms(completed, std::sqrt(table.data_norms_.of(piece.row, 0)), std::sqrt(table.grad_norms_.of(piece.row, 0)));
      piece.coefficients = completed;
    }
    if (centralized(piece)) {
      update_centralized(piece);
    } else if (untouched(piece)) {
      piece.variant.run(span, piece.coefficients);
    } else {
      piece.variant.run_prepared(span, piece.coefficients, factors(piece));
    }
    if (!piece.variant.directions) blend(piece);
  }

  static void take_gradients(Piece& piece, const float* buffer) {
    piece.span.grad = buffer;
    piece.span.ahead.contiguous = false;
  }

  /** Long segments one by one, straight from memory; for short ones gradients are prepared in a buffer. */
  void update_centralized(Piece& piece) const {
    constexpr std::size_t worth_a_call = 1024;
    if (table.means_.segment(piece.row) < worth_a_call) {
      alignas(64) float buffer[chunk_length];
      prepare(piece, buffer);
      take_gradients(piece, buffer);
      return piece.variant.run(piece.span, piece.coefficients);
    }
    each_segment(piece, table.means_, [&](std::size_t from, std::size_t length, float mean) {
      Span segment = piece_of(piece.span, from, length);
      const bool last = from + length == piece.span.length;
      segment.ahead = last ? piece.span.ahead : memory_from(piece.span, from + length, true);
      piece.variant.run_prepared(segment, piece.coefficients, factors(piece, mean));
    });
  }

  /** Ends what a variant with late means has begun. */
  void complete(Piece& piece) const {
    if (!piece.variant.directions) return;
    alignas(64) float buffer[chunk_length];
    std::fill_n(buffer, piece.span.length, 0.0f);
    if (table.directions_.has(piece.row)) {
      each_segment(piece, table.directions_,
                   [&](std::size_t from, std::size_t length, float mean) { std::fill_n(buffer + from, length, mean); });
    }
    take_gradients(piece, buffer);
    formula.variant[piece.variant.following].run(piece.span, piece.coefficients);
    blend(piece);
  }

  void blend(const Piece& piece) const {
    if ((piece.stages & stage::blend) == 0) return;
    passes.blend(piece.span.out, piece.slow, piece.common.alpha, piece.span.length);
  }

  /** Calls a member for every piece of the chunks: of one that passes over its memory more than once, or has a buffer for it, as
   * much as stays in the caches. */
  template <void (Run::*act)(Piece&) const>
  static void run_chunks(const void* context, Chunks chunks) {
    const Run& run = *static_cast<const Run*>(context);
    const Table& table = run.table;
    const Place begin = table.chunks_[chunks.begin], end = table.chunks_[chunks.end];
    for (int i = begin.row; i <= end.row && i < table.rows(); ++i) {
      const Row& row = table.rows_[static_cast<std::size_t>(i)];
      const int set = run.work.set_of_row[i];
      if (set < 0 || row.device != host) continue;
      const std::size_t to = i == end.row ? end.offset : row.span.length;
      const bool last = i == end.row || (row.successor == end.row && end.offset == 0);
      const std::size_t most = run.work.stages[set] == 0 && !table.needs_.directions ? SIZE_MAX : chunk_length;
      for (std::size_t from = i == begin.row ? begin.offset : 0; from < to;) {
        Piece piece = run.piece(i, from, std::min(most, to - from));
        from += piece.span.length;
        const bool others = last && from == to && !chunks.more;  // what comes then another thread is about to write
        if (!others) piece.span.ahead = run.after(row, from);
        (run.*act)(piece);
      }
    }
  }

  // What there is to be summed, over a block of a row.

  static double square_of_grad(const void* context, int row, std::size_t begin, std::size_t length, std::size_t after) {
    const Run& run = *static_cast<const Run*>(context);
    return run.passes.sum_of_squares(run.span(row).grad + begin, run.scale, length, after);
  }
  static double square_of_data(const void* context, int row, std::size_t begin, std::size_t length, std::size_t after) {
    const Run& run = *static_cast<const Run*>(context);
    return run.passes.sum_of_squares(run.span(row).data + begin, 1, length, after);
  }
  static double square_of_prepared(const void* context, int row, std::size_t begin, std::size_t length, std::size_t after) {
    const Run& run = *static_cast<const Run*>(context);
    const Piece piece = run.piece(row, begin, length);
    if (run.untouched(piece) && !run.centralized(piece)) return run.passes.sum_of_squares(piece.span.grad, 1, length, after);
    alignas(64) float buffer[reduction_block];
    run.prepare(piece, buffer);
    return run.passes.sum_of_squares(buffer, 1, length, 0);
  }
  static double sum_of_prepared(const void* context, int row, std::size_t begin, std::size_t length, std::size_t after) {
    const Run& run = *static_cast<const Run*>(context);
    const Piece piece = run.piece(row, begin, length);
    if (run.untouched(piece)) return run.passes.sum(piece.span.grad, length, after);
    alignas(64) float buffer[reduction_block];
    run.passes.prepare(buffer, piece.span.grad, piece.span.data, run.factors(piece), length);
    return run.passes.sum(buffer, length, 0);
  }
  static double sum_of_directions(const void* context, int row, std::size_t begin, std::size_t length, std::size_t after) {
    const Run& run = *static_cast<const Run*>(context);
    const Piece piece = run.piece(row, begin, length);
    return piece.variant.directions(piece.span, piece.coefficients, after);
  }
};

void Table::run(const Work& work, int threads) {
  const FloatEnvironment environment;
  Gradients& gradients = *work.gradients;
  Run run{*this, work, formula(), current_backend().loops->passes};
  const int team = std::min(threads, threads_for(elements_));
  const std::size_t chunks = chunks_.size() - 1;

  run.scale = static_cast<float>(gradients.scale);
  gradients.norm = -1;
  gradients.skipped = 0;
  if (needs_.squares) {
    if (on_devices_) sum_on_devices(squares_);
    squares_.run(team, Run::square_of_grad, &run);
    gradients.norm = std::sqrt(squares_.total());
    // Squares of floats cannot overflow a double: the sum is finite where all of them are.
    if (gradients.skip_non_finite != 0 && !std::isfinite(gradients.norm)) {
      gradients.skipped = 1;
      return;
    }
    if (gradients.max_norm >= 0) run.clip = static_cast<float>(clip_coefficient(gradients.norm, gradients.max_norm));
  }

  if (on_devices_) run_on_devices(run.scale, run.clip);
  if (needs_.means) means_.run(team, Run::sum_of_prepared, &run);
  if (needs_.norms) {
    data_norms_.run(team, Run::square_of_data, &run);
    grad_norms_.run(team, Run::square_of_prepared, &run);
  }
  run_on_team(team, chunks, Run::run_chunks<&Run::update>, &run);
  if (!needs_.directions) return;
  directions_.run(team, Run::sum_of_directions, &run);
  run_on_team(team, chunks, Run::run_chunks<&Run::complete>, &run);
}

}  // namespace adabelief
