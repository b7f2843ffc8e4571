#include "cuda_engine.h"

#include <algorithm>

#include "kernel_names.h"

namespace adabelief {

CudaEngine::CudaEngine(CudaDevice& device) : device_(device), table_(device), sums_(device) {
  const Current current(device);
  device.check(device.driver().cuEventCreate(&order_, cu::event_without_timing), "cuEventCreate");
}

CudaEngine::~CudaEngine() {
  try {
    wait();
    const Current current(device_);
    device_.driver().cuEventDestroy_v2(order_);
  } catch (const EngineError&) {  // the device is lost
  }
}

void CudaEngine::wait() {
  if (!launched_) return;
  const Current current(device_);
  if (stream_) device_.check(device_.driver().cuStreamWaitEvent(nullptr, order_, 0), "cuStreamWaitEvent");
  device_.check(device_.driver().cuStreamSynchronize(nullptr), "cuStreamSynchronize");
}

void CudaEngine::prepare(const Plan& plan, Changes changes) {
  make_list(plan, changes.rows || changes.gradients);
  use(static_cast<cu::Stream>(plan.stream));
  const Current current(device_);
  load_kernels(plan);
  reserve_sums(plan);
  copy_list();
}

/** Makes the list of rows, unless it would be the same as before. */
void CudaEngine::make_list(const Plan& plan, bool changed) {
  const StepRequest& request = plan.request();
  const Needs& needs = plan.needs();
  std::vector<std::int32_t> wanted(request.set_of_row, request.set_of_row + plan.rows().size());
  wanted.insert(wanted.end(), request.variants, request.variants + request.sets);
  wanted.insert(wanted.end(), request.stages, request.stages + request.sets);
  for (const bool need : {needs.squares, needs.means, needs.norms, needs.directions}) wanted.push_back(need);
  if (!changed && wanted == listed_) return;
  fresh_ = true;
  listed_.clear();  // until the list is whole
  list_.make(plan, device_.ordinal());
  listed_ = std::move(wanted);
}

/** Has what follows use a stream, after all that was launched before. */
void CudaEngine::use(cu::Stream stream) {
  if (stream == stream_) return;
  const Current current(device_);
  device_.require_stream(stream);
  if (launched_) {
    if (!stream_) mark();
    device_.check(device_.driver().cuStreamWaitEvent(stream, order_, 0), "cuStreamWaitEvent");
  }
  stream_ = stream;
}

void CudaEngine::load_kernels(const Plan& plan) {
  for (const SetPieces& pieces : list_.sets()) {
    const PlannedSet& set = plan.sets()[static_cast<std::size_t>(pieces.set)];
    device_.kernel(FormulaKernel::update, plan.formula(), set.variant);
    if (set.following < 0) continue;
    device_.kernel(FormulaKernel::sum_directions, plan.formula(), set.variant);
    device_.kernel(FormulaKernel::update, plan.formula(), set.following);
  }
  if (!plan.needs().any()) return;
  device_.kernel(sum_blocks_kernel);
  device_.kernel(fold_blocks_kernel);
  device_.kernel(sum_segments_kernel);
  device_.kernel(clip_kernel);
}

/** Makes room for sums and writes zeros: sums of rows that lie elsewhere are read back with the others. */
void CudaEngine::reserve_sums(const Plan& plan) {
  if (!plan.needs().any()) return;
  const std::size_t room = std::max(plan.tensors().count(), plan.segments().count());
  const std::size_t bytes =
      kinds_of_sums * room * sizeof(double) + kinds_of_means * room * sizeof(float) + 16 * list_.partials() * sizeof(double);
  if (bytes > sums_.bytes()) {
    reserve(sums_, bytes);
    device_.check(device_.driver().cuMemsetD32Async(sums_.data(), 0, sums_.bytes() / sizeof(float), stream_), "cuMemsetD32Async");
  }
  room_ = room;
  host_sums_.resize(room);
}

void CudaEngine::copy_list() {
  if (!fresh_) return;
  const std::size_t rows = list_.rows().size() * sizeof(DeviceRow), pieces = list_.pieces().size() * sizeof(DevicePiece);
  reserve(table_, rows + pieces);
  device_.copy(table_.data(), list_.rows().data(), rows, stream_);
  device_.copy(table_.data() + rows, list_.pieces().data(), pieces, stream_);
  // If this step is refused, the next one may be on another stream and must not overtake the copies.
  launched_ = true;
  if (stream_) mark();
  fresh_ = false;
}

/** Makes room, once nothing that was launched uses the memory. */
void CudaEngine::reserve(DeviceBuffer& buffer, std::size_t bytes) {
  if (bytes > buffer.bytes()) wait();
  buffer.reserve(bytes);
}

/** Notes how far the stream has come. A stream of another library may be gone later, so it is marked at once. */
void CudaEngine::mark() { device_.check(device_.driver().cuEventRecord(order_, stream_), "cuEventRecord"); }

}  // namespace adabelief
