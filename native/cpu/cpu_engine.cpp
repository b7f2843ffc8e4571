#include "cpu_engine.h"

#include <algorithm>

#include "access.h"
#include "backend.h"

namespace adabelief {

namespace {

using SumOfPiece = double (PieceUpdate::*)(std::size_t row, std::size_t begin, std::size_t length, std::size_t after) const;
using ActOnPiece = void (PieceUpdate::*)(Piece& piece) const;

/** A member of PieceUpdate as the thread pool calls it. */
template <SumOfPiece sum, int uses>
double call(const void* context, std::size_t row, std::size_t begin, std::size_t length, std::size_t after) {
  const auto& step = *static_cast<const PieceUpdate*>(context);
  const Access access(step.plan(), row, begin, length, uses);
  return (step.*sum)(row, begin, length, after);
}

struct Visit {
  const Plan& plan;
  const ChunkList& chunks;
  const PieceUpdate& step;
};

/** Calls a member of PieceUpdate for the pieces of some chunks. Rows that are passed over more than once, or that need a buffer,
 * are cut into pieces that stay in the caches. */
template <ActOnPiece act>
void run_chunks(const void* context, Chunks chunks) {
  const auto& [plan, list, step] = *static_cast<const Visit*>(context);
  const auto most = [&, &plan = plan](std::size_t row, std::size_t begin) {
    const std::size_t longest = plan.set_of(row).stages == 0 && !plan.needs().directions ? Access::most : chunk_length;
    const Row& tensor = plan.rows()[row];
    if (tensor.span.state_type == ElementType::float32) return longest;
    const std::uint64_t with_key = elements_with_key(tensor.noise.offset + begin);  // it has no sparse gradient
    return static_cast<std::size_t>(std::min<std::uint64_t>(longest, with_key));
  };
  const auto visit = [&, &plan = plan, &step = step](std::size_t row, std::size_t begin, std::size_t length, const Ahead& ahead,
                                                     const auto&... at) {
    const Access access(plan, row, begin, length, access::update);
    Piece piece = step.piece(row, begin, length, ahead, at...);
    (step.*act)(piece);
  };
  list.each_piece(plan, chunks, most, visit);
}

}  // namespace

/** Decided once a step: a pass on one thread would make the pool look awake to the next pass. */
int CpuEngine::threads(const Plan& plan) {
  if (threads_ == 0) threads_ = std::min(plan.threads, threads_for(chunks_.elements()));
  return threads_;
}

void CpuEngine::prepare(const Plan& plan, Changes changes) {
  threads_ = 0;
  added_up_ = false;
  if (changes.rows || changes.touched) chunks_.cut(plan);
  if (plan.needs().any()) lay_out(plan);
}

/** Decides which blocks the host sums, and makes room for the sums. */
void CpuEngine::lay_out(const Plan& plan) {
  const Needs& needs = plan.needs();
  for (BlockSums* blocks : {&tensors_, &means_, &directions_}) blocks->clear();
  plan.each_active([&](std::size_t row) {
    if (plan.rows()[row].place != host) return;
    const auto add = [row](BlockSums& blocks, const SumLayout& layout) { blocks.add(row, layout.cut(row), layout.first(row)); };
    const PlannedSet& set = plan.set_of(row);
    if (needs.squares || needs.norms) add(tensors_, plan.tensors());
    if (set.half() == Half::first) {
      add(directions_, plan.segments());
    } else {
      add(means_, plan.segments());
    }
  });
  if (needs.means) sums_.means.resize(plan.segments().count());
  if (needs.directions) sums_.directions.resize(plan.segments().count());
  if (needs.norms) sums_.data_squares.resize(plan.tensors().count());
  if (needs.norms) sums_.gradient_squares.resize(plan.tensors().count());
}

/** Sums the gradients of rows that are repeated: once a step, before anything reads them. */
void CpuEngine::add_up_repeated(const Plan& plan) {
  if (added_up_) return;
  added_up_ = true;
  const auto add_up = [](const void* context, Chunks rows) {
    static_cast<const TouchedRows*>(context)->add_up(rows.begin, rows.end);
  };
  for (const std::size_t row : chunks_.touched()) {
    const TouchedRows* touched = plan.rows()[row].touched;
    run_on_pool(threads(plan), touched->repeated(), add_up, touched);
  }
}

void CpuEngine::sum_squares(const Plan& plan, double* sums) {
  add_up_repeated(plan);
  const PieceUpdate step(plan, sums_, *current_backend().kernels);
  tensors_.run(threads(plan), call<&PieceUpdate::square_of_gradients, access::grad>, &step, sums);
}

void CpuEngine::run(const Plan& plan, Pass pass) {
  add_up_repeated(plan);
  const PieceUpdate step(plan, sums_, *current_backend().kernels);
  const auto sum = [&](const BlockSums& blocks, BlockSums::Sum of, const SumLayout& layout, std::vector<double>& into) {
    blocks.run(threads(plan), of, &step, into.data());
    layout.add_up(into.data());
  };
  const Visit visit{plan, chunks_, step};
  switch (pass) {
    case Pass::sum_gradients:
      return sum(means_, call<&PieceUpdate::sum_of_prepared, access::grad | access::data>, plan.segments(), sums_.means);
    case Pass::sum_data_squares:
      return sum(tensors_, call<&PieceUpdate::square_of_data, access::data>, plan.tensors(), sums_.data_squares);
    case Pass::sum_gradient_squares:
      return sum(tensors_, call<&PieceUpdate::square_of_prepared, access::grad | access::data>, plan.tensors(),
                 sums_.gradient_squares);
    case Pass::update: return run_on_pool(threads(plan), chunks_.count(), run_chunks<&PieceUpdate::update>, &visit);
    case Pass::sum_directions:
      return sum(directions_, call<&PieceUpdate::sum_of_directions, access::data | access::states>, plan.segments(),
                 sums_.directions);
    case Pass::complete: return run_on_pool(threads(plan), chunks_.count(), run_chunks<&PieceUpdate::complete>, &visit);
  }
}

}  // namespace adabelief
