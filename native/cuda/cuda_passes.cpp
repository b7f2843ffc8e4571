// The launches of a step.
#include <algorithm>

#include "cuda_engine.h"
#include "kernel_names.h"

namespace adabelief {

/** What the kernels are told of the rows with one set of coefficients. */
Launch CudaEngine::describe(const Plan& plan, const SetPieces& pieces) const {
  const PlannedSet& set = plan.sets()[static_cast<std::size_t>(pieces.set)];
  Launch launch{};
  std::copy_n(set.coefficients, plan.traits().coefficients, launch.coefficients);
  launch.stages = set.stages;
  launch.alpha = set.common.alpha;
  launch.ema_weight = set.common.ema_weight;
  launch.factors = plan.factors(set);
  launch.slot = plan.slot;
  launch.piece = pieces.piece;
  launch.partials = partials();
  if (plan.capturable()) find_steps(plan, pieces, launch);
  return launch;
}

/** Leaves to the device what depends on the steps of the rows. */
void CudaEngine::find_steps(const Plan& plan, const SetPieces& pieces, Launch& launch) const {
  launch.steps = plan.steps.rows;
  launch.counts = plan.steps.counts;
  launch.live = plan.steps.sets + pieces.set;
  launch.table_rows = plan.rows().size();
  launch.one_count = plan.request().gradients->one_count != 0 ? 1 : 0;
  launch.factors.scale = plan.scale;
  launch.factors.decay = 0;
}

/** Sums the squares of scaled gradients by blocks, or by whole tensors. */
void CudaEngine::launch_squares(const Plan& plan, bool by_tensors) {
  for (const SetPieces& pieces : list_.sets()) {
    Launch launch = describe(plan, pieces);
    launch.sum_of = SumOf::squares_of_gradients;
    launch.sums = sums(squares);
    if (by_tensors)
      sum(pieces, launch, device_.kernel(sum_blocks_kernel));
    else
      sum_blocks(pieces, launch, device_.kernel(sum_blocks_kernel));
  }
}

bool CudaEngine::leave_norm(const Plan& plan, NormSlot* slot) {
  const Current current(device_);
  launch_squares(plan, true);
  Launch launch{};
  launch.sums = sums(squares);
  launch.count = list_.rows().size();
  launch.max_norm = plan.request().gradients->max_norm;
  launch.skips = plan.request().gradients->skip_non_finite != 0 ? 1 : 0;
  launch.factors.clip = plan.clip;
  launch.slot = slot;
  this->launch(device_.kernel(clip_kernel), {0, 1}, launch);
  return true;
}

void CudaEngine::sum_squares(const Plan& plan, double* sums) {
  const Current current(device_);
  launch_squares(plan, false);
  const auto from = reinterpret_cast<cu::Pointer>(this->sums(squares));
  device_.check(device_.driver().cuMemcpyDtoHAsync_v2(host_sums_.data(), from, plan.tensors().count() * sizeof(double), stream_),
                "cuMemcpyDtoHAsync");
  device_.check(device_.driver().cuStreamSynchronize(stream_), "cuStreamSynchronize");
  for (std::size_t i = 0; i < list_.rows().size(); ++i) {
    const std::size_t row = list_.table_row(i), first = plan.tensors().first(row);
    std::copy_n(host_sums_.data() + first, plan.tensors().cut(row).all_blocks(), sums + first);
  }
}

void CudaEngine::run(const Plan& plan, Pass pass) {
  const Current current(device_);
  const bool writes = pass == Pass::update || pass == Pass::complete;
  bool written = false;
  try {
    for (const SetPieces& pieces : list_.sets()) {
      run(plan, pass, pieces);
      written = writes;
    }
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
    sum(pieces, launch, kernel);
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
  const PlannedSet& set = plan.sets()[static_cast<std::size_t>(pieces.set)];
  const FormulaKernel kernel = plan.capturable() ? FormulaKernel::update_live : FormulaKernel::update;
  for (const int variant : {set.variant, set.other}) {
    if (variant < 0) continue;
    launch.variant = variant;
    const int runs = completes ? plan.traits().variant[variant].following : variant;
    this->launch(device_.kernel(kernel, plan.formula(), runs), pieces.elements, launch);
  }
}

void CudaEngine::sum_directions(const Plan& plan, const SetPieces& pieces, Launch& launch) {
  const PlannedSet& set = plan.sets()[static_cast<std::size_t>(pieces.set)];
  launch.sum_of = SumOf::prepared;
  launch.sums = sums(segments);
  launch.new_means = means(directions);
  const FormulaKernel kernel = plan.capturable() ? FormulaKernel::sum_directions_live : FormulaKernel::sum_directions;
  for (const int variant : {set.variant, set.other}) {
    if (variant < 0) continue;
    launch.variant = variant;
    this->launch(device_.kernel(kernel, plan.formula(), variant), pieces.segments, launch);
  }
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

void CudaEngine::sum_blocks(const SetPieces& pieces, Launch& launch, cu::Function kernel) {
  const Pieces& blocks = launch.sum_of == SumOf::prepared ? pieces.segments : pieces.tensors;
  this->launch(kernel, blocks, launch);
  this->launch(device_.kernel(fold_blocks_kernel), blocks, launch);
}

void CudaEngine::sum(const SetPieces& pieces, Launch& launch, cu::Function kernel) {
  sum_blocks(pieces, launch, kernel);
  add_up(launch.sum_of == SumOf::prepared ? pieces.segments : pieces.tensors, launch);
}

/** Adds up the blocks of each segment. */
void CudaEngine::add_up(const Pieces& blocks, Launch& launch) {
  this->launch(device_.kernel(sum_segments_kernel), blocks, launch);
}

void CudaEngine::launch(cu::Function kernel, const Pieces& pieces, Launch& launch) {
  launch.rows = reinterpret_cast<const DeviceRow*>(table_->data());
  launch.pieces = reinterpret_cast<const DevicePiece*>(table_->data() + list_.rows().size() * sizeof(DeviceRow)) + pieces.begin;
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
