#include "cuda_engine.h"

#include <algorithm>
#include <string>

#include "kernel_names.h"

namespace adabelief {

CudaEngine::CudaEngine(CudaDevice& device)
    : device_(device),
      table_(std::make_unique<DeviceBuffer>(device)),
      touched_table_(std::make_unique<DeviceBuffer>(device)),
      repeated_sums_(std::make_unique<DeviceBuffer>(device)),
      sums_(std::make_unique<DeviceBuffer>(device)),
      live_(device) {
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
  if (any_graph_) return device_.check(device_.driver().cuCtxSynchronize(), "cuCtxSynchronize");
  if (stream_) device_.check(device_.driver().cuStreamWaitEvent(nullptr, order_, 0), "cuStreamWaitEvent");
  device_.check(device_.driver().cuStreamSynchronize(nullptr), "cuStreamSynchronize");
}

void CudaEngine::prepare(const Plan& plan, Changes changes) {
  capturing_ = plan.captured();
  touched_.clear();
  make_list(plan, changes.rows || changes.gradients);
  if (capturing_) return require_prepared(plan);
  use(static_cast<cu::Stream>(plan.stream));
  const Current current(device_);
  if (!plan.touched().empty()) make_touched(plan);
  load_kernels(plan);
  reserve_sums(plan);
  copy_list();
  if (!touched_.empty()) copy_touched();
  if (plan.capturable()) write_live(plan, plan.request().live, static_cast<std::size_t>(plan.request().sets), plan.stream);
}

/** Refuses to capture a step for which anything would have to be allocated, loaded or copied: a graph repeats launches alone. */
void CudaEngine::require_prepared(const Plan& plan) {
  const bool same_stream = static_cast<cu::Stream>(plan.stream) == stream_;
  const bool same_launches = live_.agrees(plan.steps, plan.request().live, static_cast<std::size_t>(plan.request().sets));
  if (!fresh_ && same_stream && same_launches && bytes_of_sums(plan) <= sums_->bytes()) {
    room_ = std::max(plan.tensors().count(), plan.segments().count());
    any_graph_ = table_captured_ = sums_captured_ = true;
    return;
  }
  const char* what = same_stream ? "with the same parameters, gradients and options" : "in the same stream";
  throw EngineError(EngineError::Kind::capture,
                    std::string("The step before a captured one must be one ") + what + ", and not captured");
}

void CudaEngine::write_live(const Plan& plan, const LiveSet* live, std::size_t sets, void* stream) {
  const auto to = static_cast<cu::Stream>(stream);
  use(to);
  const Current current(device_);
  if (!live_.write(plan.steps, live, sets, to)) return;
  launched_ = true;
  if (stream_) mark();
}

/** Makes the list of rows, unless it would be the same as before. */
void CudaEngine::make_list(const Plan& plan, bool changed) {
  const StepRequest& request = plan.request();
  const Needs& needs = plan.needs();
  std::vector<std::int32_t> wanted(request.set_of_row, request.set_of_row + plan.rows().size());
  for (const std::size_t row : plan.touched()) wanted[row] = skipped;  // they are not on it
  // Of all stages these alone decide how rows are cut.
  for (int set = 0; set < request.sets; ++set) {
    wanted.push_back(request.stages[set] & (stage::centralize | stage::centralize_conv));
  }
  for (const bool need : {needs.squares, needs.means, needs.norms, needs.directions, plan.capturable()}) wanted.push_back(need);
  if (!changed && wanted == listed_) return;
  fresh_ = true;
  listed_.clear();  // until the list is whole
  list_.make(plan, device_.ordinal());
  listed_ = std::move(wanted);
}

/** Lists the rows that sparse gradients touch. */
void CudaEngine::make_touched(const Plan& plan) {
  added_up_ = false;
  reserve_ample(repeated_sums_, TouchedList::sums(plan, device_.ordinal()) * sizeof(float));
  touched_.make(plan, device_.ordinal(), reinterpret_cast<float*>(repeated_sums_->data()));
}

/** Has what follows use a stream, after all that was launched before. */
void CudaEngine::use(cu::Stream stream) {
  if (stream == stream_ && !stream) return;
  const Current current(device_);
  device_.require_stream(stream);  // also where it is the same: it may be captured now
  if (stream == stream_) return;
  if (launched_) {
    if (!stream_) mark();
    device_.check(device_.driver().cuStreamWaitEvent(stream, order_, 0), "cuStreamWaitEvent");
  }
  stream_ = stream;
}

void CudaEngine::load_kernels(const Plan& plan) {
  each_set([&](const SetPieces& pieces) {
    const bool completed = plan.sets()[static_cast<std::size_t>(pieces.set)].following >= 0;
    each_variant(plan, pieces, [&](int variant) {
      device_.kernel(update_of(plan, pieces), plan.formula(), variant);
      if (!completed) return;
      device_.kernel(directions_of(plan, pieces), plan.formula(), variant);
      device_.kernel(update_of(plan, pieces), plan.formula(), plan.traits().variant[variant].following);
    });
  });
  if (plan.capturable()) {
    device_.kernel(begin_rows_kernel);
    device_.kernel(end_rows_kernel);
  }
  if (touched_.repeated().count > 0) device_.kernel(add_repeated_kernel);
  if (touched_.blocks().count > 0) device_.kernel(sum_touched_kernel);
  if (!plan.needs().any()) return;
  device_.kernel(sum_blocks_kernel);
  device_.kernel(fold_blocks_kernel);
  device_.kernel(sum_segments_kernel);
  device_.kernel(clip_kernel);
}

std::size_t CudaEngine::bytes_of_sums(const Plan& plan) const {
  if (!plan.needs().any()) return 0;
  const std::size_t room = std::max(plan.tensors().count(), plan.segments().count());
  const std::size_t partials = 16 * std::max(list_.partials(), touched_.partials());
  return kinds_of_sums * room * sizeof(double) + kinds_of_means * room * sizeof(float) + partials * sizeof(double);
}

/** Makes room for sums and writes zeros: sums of rows that lie elsewhere are read back with the others. */
void CudaEngine::reserve_sums(const Plan& plan) {
  if (!plan.needs().any()) return;
  const std::size_t bytes = bytes_of_sums(plan);
  if (bytes > sums_->bytes()) {
    if (sums_captured_) replace_captured(sums_);
    sums_captured_ = false;
    reserve(sums_, bytes);
    device_.check(device_.driver().cuMemsetD32Async(sums_->data(), 0, sums_->bytes() / sizeof(float), stream_),
                  "cuMemsetD32Async");
  }
  room_ = std::max(plan.tensors().count(), plan.segments().count());
  host_sums_.resize(room_);
}

void CudaEngine::copy_list() {
  if (!fresh_) return;
  if (table_captured_) replace_captured(table_);
  table_captured_ = false;
  const std::size_t rows = list_.rows().size() * sizeof(DeviceRow), pieces = list_.pieces().size() * sizeof(DevicePiece);
  reserve(table_, rows + pieces);
  device_.copy(table_->data(), list_.rows().data(), rows, stream_);
  device_.copy(table_->data() + rows, list_.pieces().data(), pieces, stream_);
  note_copies();
  fresh_ = false;
}

void CudaEngine::copy_touched() {
  const std::vector<char>& image = touched_.image();
  reserve_ample(touched_table_, image.size());
  device_.copy(touched_table_->data(), image.data(), image.size(), stream_);
  note_copies();
}

/** If this step is refused, the next one may be on another stream and must not overtake the copies. */
void CudaEngine::note_copies() {
  launched_ = true;
  if (stream_) mark();
}

/** Makes room, once nothing that was launched uses the memory. */
void CudaEngine::reserve(std::unique_ptr<DeviceBuffer>& buffer, std::size_t bytes) {
  if (bytes > buffer->bytes()) wait();
  buffer->reserve(bytes);
}

/** The same for what has another size at each step, so that few of them wait. */
void CudaEngine::reserve_ample(std::unique_ptr<DeviceBuffer>& buffer, std::size_t bytes) {
  if (bytes > buffer->bytes()) reserve(buffer, 4 * bytes);
}

/** Leaves a buffer to the graphs that use it, as long as the engine lives. */
void CudaEngine::replace_captured(std::unique_ptr<DeviceBuffer>& buffer) {
  auto fresh = std::make_unique<DeviceBuffer>(device_);
  captured_.push_back(std::move(buffer));
  buffer = std::move(fresh);
}

/** Notes how far the stream has come. A stream of another library may be gone later, so it is marked at once. */
void CudaEngine::mark() { device_.check(device_.driver().cuEventRecord(order_, stream_), "cuEventRecord"); }

}  // namespace adabelief
