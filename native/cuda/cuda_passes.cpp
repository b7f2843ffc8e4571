// The launches of a step.
#include <algorithm>

#include "cuda_engine.h"
#include "kernel_names.h"

namespace adabelief {

/** A launch over a list of rows on the device. */
Launch CudaEngine::launch_over(bool touched) const {
  Launch launch{};
  launch.partials = partials();
  if (touched) {
    touched_.place(launch, touched_table_->data());
    return launch;
  }
  launch.rows = reinterpret_cast<const DeviceRow*>(table_->data());
  launch.pieces = reinterpret_cast<const DevicePiece*>(table_->data() + list_.rows().size() * sizeof(DeviceRow));
  return launch;
}

/** What the kernels are told of the rows with one set of coefficients. */
Launch CudaEngine::describe(const Plan& plan, const SetPieces& pieces) const {
  const PlannedSet& set = plan.sets()[static_cast<std::size_t>(pieces.set)];
  Launch launch = launch_over(pieces.touched);
  std::copy_n(set.coefficients, plan.traits().coefficients, launch.coefficients);
  launch.stages = set.stages;
  launch.alpha = set.common.alpha;
  launch.ema_weight = set.common.ema_weight;
  launch.factors = plan.factors(set);
  launch.slot = plan.slot;
  launch.piece = pieces.piece;
  if (plan.capturable()) find_steps(plan, pieces, launch);
  if (pieces.counted) touched_.place_steps(launch, touched_table_->data());
  if (!launch.steps) return launch;
  launch.factors.scale = plan.scale;  // their rows have the rest
  launch.factors.decay = 0;
  return launch;
}

/** Leaves to the device what depends on the steps of the rows. */
void CudaEngine::find_steps(const Plan& plan, const SetPieces& pieces, Launch& launch) const {
  launch.steps = plan.steps.rows;
  launch.counts = plan.steps.counts;
  launch.live = plan.steps.sets + pieces.set;
  launch.table_rows = plan.rows().size();
  launch.one_count = plan.request().gradients->one_count != 0 ? 1 : 0;
}

/** Sums the squares of scaled gradients by blocks, or by whole tensors. */
void CudaEngine::launch_squares(const Plan& plan, bool by_tensors) {
  add_up_repeated();
  const auto squares_of = [&](const Pieces& blocks, Launch launch, const char* kernel) {
    if (blocks.count == 0) return;
    launch.sum_of = SumOf::squares_of_gradients;
    launch.sums = sums(squares);
    sum_blocks(blocks, launch, device_.kernel(kernel));
    if (by_tensors) add_up(blocks, launch);
  };
  for (const SetPieces& pieces : list_.sets()) squares_of(pieces.tensors, describe(plan, pieces), sum_blocks_kernel);
  Launch touched = launch_over(true);
  touched.factors.scale = plan.scale;  // a sign changes no square
  squares_of(touched_.blocks(), touched, sum_touched_kernel);
}

/** Sums the gradients of rows that are repeated: once a step, before anything reads them. */
void CudaEngine::add_up_repeated() {
  if (added_up_ || touched_.repeated().count == 0) return;
  added_up_ = true;
  Launch launch = launch_over(true);
  launch.piece = small_piece;
  this->launch(device_.kernel(add_repeated_kernel), touched_.repeated(), launch);
}

bool CudaEngine::leave_norm(const Plan& plan, NormSlot* slot) {
  if (tensors() == 0) return false;
  const Current current(device_);
  launch_squares(plan, true);
  Launch launch = launch_over(!touched_.empty());
  launch.sums = sums(squares);
  launch.count = tensors();
  launch.max_norm = plan.request().gradients->max_norm;
  launch.skips = plan.request().gradients->skip_non_finite != 0 ? 1 : 0;
  launch.factors.clip = plan.clip;
  launch.slot = slot;
  this->launch(device_.kernel(clip_kernel), {0, 1}, launch);
  return true;
}

void CudaEngine::sum_squares(const Plan& plan, double* sums) {
  if (tensors() == 0) return;
  const Current current(device_);
  launch_squares(plan, false);
  const auto from = reinterpret_cast<cu::Pointer>(this->sums(squares));
  device_.check(device_.driver().cuMemcpyDtoHAsync_v2(host_sums_.data(), from, plan.tensors().count() * sizeof(double), stream_),
                "cuMemcpyDtoHAsync");
  device_.check(device_.driver().cuStreamSynchronize(stream_), "cuStreamSynchronize");
  const auto take = [&](std::size_t row) {
    const std::size_t first = plan.tensors().first(row);
    std::copy_n(host_sums_.data() + first, plan.tensors().cut(row).all_blocks(), sums + first);
  };
  for (std::size_t i = 0; i < list_.rows().size(); ++i) take(list_.table_row(i));
  for (const std::size_t row : plan.touched()) {
    if (plan.rows()[row].place == device_.ordinal() && plan.tensors().has(row)) take(row);
  }
}

void CudaEngine::run(const Plan& plan, Pass pass) {
  const Current current(device_);
  const bool writes = pass == Pass::update || pass == Pass::complete;
  bool written = false;
  try {
    add_up_repeated();
    each_set([&](const SetPieces& pieces) {
      run(plan, pass, pieces);
      written = writes;
    });
    if (written && stream_ && !capturing_) mark();
  } catch (const EngineError& error) {
    if (!written) throw;
    throw error.in_the_middle();
  }
}

void CudaEngine::run(const Plan& plan, Pass pass, const SetPieces& pieces) {
  const PlannedSet& set = plan.sets()[static_cast<std::size_t>(pieces.set)];
  const bool halves = set.following >= 0;
  Launch launch = describe(plan, pieces);
  if (set.centralized && pass != Pass::sum_gradients) launch.means = means(gradients);
  const auto sum_of = [&](SumOf what, Sums into, float* new_means, cu::Function kernel) {
    launch.sum_of = what;
    launch.sums = sums(into);
    launch.new_means = new_means;
    sum(what == SumOf::prepared ? pieces.segments : pieces.tensors, launch, kernel);
  };
  switch (pass) {
    case Pass::sum_gradients:
      if (set.centralized) sum_of(SumOf::prepared, segments, means(gradients), device_.kernel(sum_blocks_kernel));
      return;
    case Pass::sum_data_squares: return sum_of(SumOf::squares_of_data, data_norms, nullptr, device_.kernel(sum_blocks_kernel));
    case Pass::sum_gradient_squares:
      return sum_of(SumOf::squares_of_prepared, grad_norms, nullptr, device_.kernel(sum_blocks_kernel));
    case Pass::update:
      if (plan.needs().norms) launch.data_norms = sums(data_norms);
      if (plan.needs().norms) launch.grad_norms = sums(grad_norms);
      return update(plan, pieces, launch, false);
    case Pass::sum_directions:
      if (halves) sum_directions(plan, pieces, launch);
      return;
    case Pass::complete:
      if (!halves) return;
      launch.means = means(directions);
      return update(plan, pieces, launch, true);
  }
}

void CudaEngine::update(const Plan& plan, const SetPieces& pieces, Launch& launch, bool completes) {
  each_variant(plan, pieces, [&](int variant) {
    launch.variant = variant;
    const int runs = completes ? plan.traits().variant[variant].following : variant;
    this->launch(device_.kernel(update_of(plan, pieces), plan.formula(), runs), pieces.elements, launch);
  });
}

void CudaEngine::sum_directions(const Plan& plan, const SetPieces& pieces, Launch& launch) {
  launch.sum_of = SumOf::prepared;
  launch.sums = sums(segments);
  launch.new_means = means(directions);
  each_variant(plan, pieces, [&](int variant) {
    launch.variant = variant;
    this->launch(device_.kernel(directions_of(plan, pieces), plan.formula(), variant), pieces.segments, launch);
  });
  this->launch(device_.kernel(fold_blocks_kernel), pieces.segments, launch);
  add_up(pieces.segments, launch);
}

void CudaEngine::begin_steps(const Plan& plan) {
  if (plan.capturable()) run_rows(plan, begin_rows_kernel);
}

void CudaEngine::end_steps(const Plan& plan) {
  if (plan.capturable()) run_rows(plan, end_rows_kernel);
}

void CudaEngine::run_rows(const Plan& plan, const char* kernel) {
  const Current current(device_);
  for (const SetPieces& pieces : list_.sets()) {
    Launch launch = describe(plan, pieces);
    this->launch(device_.kernel(kernel), pieces.rows, launch);
  }
  if (stream_ && !capturing_) mark();
}

void CudaEngine::sum_blocks(const Pieces& blocks, Launch& launch, cu::Function kernel) {
  this->launch(kernel, blocks, launch);
  this->launch(device_.kernel(fold_blocks_kernel), blocks, launch);
}

void CudaEngine::sum(const Pieces& blocks, Launch& launch, cu::Function kernel) {
  sum_blocks(blocks, launch, kernel);
  add_up(blocks, launch);
}

/** Adds up the blocks of each segment. */
void CudaEngine::add_up(const Pieces& blocks, Launch& launch) {
  this->launch(device_.kernel(sum_segments_kernel), blocks, launch);
}

void CudaEngine::launch(cu::Function kernel, const Pieces& pieces, Launch launch) {
  launch.pieces += pieces.begin;
  try {
    device_.launch(kernel, pieces.count, launch, stream_);
  } catch (const EngineError&) {
    // What was launched before is at work all the same, and a step on another stream must wait for it.
    if (stream_ && !capturing_) device_.driver().cuEventRecord(order_, stream_);
    throw;
  }
  launched_ = true;
}

}  // namespace adabelief
