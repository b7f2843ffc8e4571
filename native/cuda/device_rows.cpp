#include "device_rows.h"

#include <algorithm>

namespace adabelief {

DeviceBuffer::~DeviceBuffer() { release(); }

void DeviceBuffer::release() noexcept {
  if (data_ == 0) return;
  try {
    const Current current(device_);
    device_.driver().cuMemFree_v2(data_);
  } catch (const CudaError&) {  // lost with its device
  }
  data_ = 0;
  bytes_ = 0;
}

void DeviceBuffer::reserve(std::size_t bytes) {
  if (bytes <= bytes_) return;
  const std::size_t room = std::max(bytes, bytes_ + bytes_ / 2);
  cu::Pointer fresh = 0;
  device_.check(device_.driver().cuMemAlloc_v2(&fresh, room), "cuMemAlloc");
  release();
  data_ = fresh;
  bytes_ = room;
}

DeviceRows::DeviceRows(CudaDevice& device) : device_(device), table_(device), sums_(device) {
  const Current current(device);
  device.check(device.driver().cuEventCreate(&order_, cu::event_without_timing), "cuEventCreate");
}

DeviceRows::~DeviceRows() {
  try {
    wait();
    const Current current(device_);
    device_.driver().cuEventDestroy_v2(order_);
  } catch (const CudaError&) {  // lost with its device
  }
}

/** Makes room, once nothing that was launched uses what there is. */
void DeviceRows::reserve(DeviceBuffer& buffer, std::size_t bytes) {
  if (bytes > buffer.bytes()) wait();
  buffer.reserve(bytes);
}

/** The same for sums, and writes zeros: those of rows that lie elsewhere are read back with the others. */
void DeviceRows::reserve_sums(std::size_t bytes) {
  if (bytes <= sums_.bytes()) return;
  reserve(sums_, bytes);
  device_.check(device_.driver().cuMemsetD32Async(sums_.data(), 0, sums_.bytes() / sizeof(float), stream_), "cuMemsetD32Async");
}

void DeviceRows::clear() {
  rows_.clear();
  table_rows_.clear();
  set_of_row_.clear();
  pieces_.clear();
  sets_.clear();
  fresh_ = true;
}

void DeviceRows::add(const DeviceRow& row, int table_row, int set) {
  rows_.push_back(row);
  table_rows_.push_back(table_row);
  set_of_row_.push_back(set);
}

/** Cuts each of a set's rows into pieces of `size`, of what `count` counts. */
template <class Count>
DeviceRows::Pieces DeviceRows::cut(int set, std::uint64_t size, const Count& count) {
  const std::size_t begin = pieces_.size();
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (set_of_row_[i] != set) continue;
    const std::uint64_t end = count(rows_[i]);
    for (std::uint64_t at = 0; at < end; at += size) pieces_.push_back({i, at});
  }
  return {begin, pieces_.size() - begin};
}

void DeviceRows::finish() {
  std::vector<int> sets(set_of_row_);
  std::sort(sets.begin(), sets.end());
  sets.erase(std::unique(sets.begin(), sets.end()), sets.end());
  for (const int set : sets) {
    const Pieces elements = cut(set, piece_length, [](const DeviceRow& row) { return row.length; });
    const Pieces norms = cut(set, piece_threads, [](const DeviceRow& row) { return reduction_blocks(row.length); });
    const Pieces means = cut(set, piece_threads, [](const DeviceRow& row) {
      return row.segment == 0 ? 0 : row.length / row.segment * row.mean_blocks;
    });
    sets_.push_back({set, elements, norms, means});
  }
}

void DeviceRows::use(cu::Stream stream) {
  if (stream == stream_) return;
  const Current current(device_);
  device_.require_stream(stream);
  if (launched_) {
    if (!stream_) mark();
    device_.check(device_.driver().cuStreamWaitEvent(stream, order_, 0), "cuStreamWaitEvent");
  }
  stream_ = stream;
}

/** Notes how far this stream has come. A stream of somebody else's may be gone when that is asked for, so it is marked at once.
 */
void DeviceRows::mark() { device_.check(device_.driver().cuEventRecord(order_, stream_), "cuEventRecord"); }

/** In portions so small that the driver takes them into the command, and need not wait for the stream. */
void DeviceRows::copy(cu::Pointer to, const void* from, std::size_t bytes) {
  constexpr std::size_t portion = 32768;
  for (std::size_t at = 0; at < bytes; at += portion) {
    const cu::Result result = device_.driver().cuMemcpyHtoDAsync_v2(to + at, static_cast<const char*>(from) + at,
                                                                    std::min(portion, bytes - at), stream_);
    device_.check(result, "cuMemcpyHtoDAsync");
  }
}

void DeviceRows::prepare(std::size_t sums, int formula, const std::vector<DeviceSet>& sets, const Needs& needs) {
  const Current current(device_);
  for (const SetPieces& pieces : sets_) {
    const DeviceSet& set = sets[static_cast<std::size_t>(pieces.set)];
    device_.kernel(DeviceKernel::update, formula, set.variant);
    if (set.following < 0) continue;
    device_.kernel(DeviceKernel::sum_directions, formula, set.variant);
    device_.kernel(DeviceKernel::update, formula, set.following);
  }
  if (needs.any()) {
    device_.kernel(sum_blocks_name);
    device_.kernel(sum_segments_name);
    reserve_sums(kinds_of_sums * sums * sizeof(double));
    room_ = sums;
    host_sums_.resize(sums);
  }
  if (!fresh_) return;
  const std::size_t row_bytes = rows_.size() * sizeof(DeviceRow), piece_bytes = pieces_.size() * sizeof(DevicePiece);
  reserve(table_, row_bytes + piece_bytes);
  copy(table_.data(), rows_.data(), row_bytes);
  copy(table_.data() + row_bytes, pieces_.data(), piece_bytes);
  // Should this step come to nothing, the next one may be on another stream, and must not overtake the copies.
  launched_ = true;
  if (stream_) mark();
  fresh_ = false;
}

void DeviceRows::launch(cu::Function kernel, const Pieces& pieces, Launch& launch) {
  const auto* list = reinterpret_cast<const DevicePiece*>(table_.data() + rows_.size() * sizeof(DeviceRow));
  launch.rows = reinterpret_cast<const DeviceRow*>(table_.data());
  launch.pieces = list + pieces.begin;
  try {
    device_.launch(kernel, pieces.count, launch, stream_);
  } catch (const CudaError&) {
    // What this step has launched before is at work all the same, and a step on another stream must wait for it.
    if (stream_) device_.driver().cuEventRecord(order_, stream_);
    throw;
  }
  launched_ = true;
}

void DeviceRows::sum_blocks(const SetPieces& pieces, Launch launch, SumOf what, Sums into) {
  launch.sum_of = what;
  launch.sums = sums(into);
  this->launch(device_.kernel(sum_blocks_name), what == SumOf::prepared ? pieces.means : pieces.norms, launch);
}

void DeviceRows::sum_segments(const SetPieces& pieces, Launch launch, SumOf what, Sums into) {
  launch.sum_of = what;
  launch.sums = sums(into);
  this->launch(device_.kernel(sum_segments_name), what == SumOf::prepared ? pieces.means : pieces.norms, launch);
}

void DeviceRows::sum_squares(const std::vector<DeviceSet>& sets, Reduction& into) {
  const Current current(device_);
  for (const SetPieces& pieces : sets_) {
    sum_blocks(pieces, sets[static_cast<std::size_t>(pieces.set)].launch, SumOf::squares_of_gradients, squares);
  }
  const auto from = reinterpret_cast<cu::Pointer>(sums(squares));
  device_.check(device_.driver().cuMemcpyDtoHAsync_v2(host_sums_.data(), from, into.count() * sizeof(double), stream_),
                "cuMemcpyDtoHAsync");
  device_.check(device_.driver().cuStreamSynchronize(stream_), "cuStreamSynchronize");
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const std::size_t first = into.first(table_rows_[i]);
    std::copy_n(host_sums_.data() + first, reduction_blocks(rows_[i].length), into.sums() + first);
  }
}

void DeviceRows::run(int formula, const std::vector<DeviceSet>& sets, const Needs& needs, bool& written) {
  const Current current(device_);
  for (const SetPieces& pieces : sets_) {
    const DeviceSet& set = sets[static_cast<std::size_t>(pieces.set)];
    Launch launch = set.launch;
    if (set.centralized) {
      sum_blocks(pieces, launch, SumOf::prepared, means);
      sum_segments(pieces, launch, SumOf::prepared, means);
      launch.means = sums(means);
    }
    if (needs.norms) {
      sum_blocks(pieces, launch, SumOf::squares_of_data, data_norms);
      sum_segments(pieces, launch, SumOf::squares_of_data, data_norms);
      sum_blocks(pieces, launch, SumOf::squares_of_prepared, grad_norms);
      sum_segments(pieces, launch, SumOf::squares_of_prepared, grad_norms);
      launch.data_norms = sums(data_norms);
      launch.grad_norms = sums(grad_norms);
    }
    this->launch(device_.kernel(DeviceKernel::update, formula, set.variant), pieces.elements, launch);
    written = true;
    if (set.following < 0) continue;
    launch.sums = sums(directions);
    this->launch(device_.kernel(DeviceKernel::sum_directions, formula, set.variant), pieces.means, launch);
    sum_segments(pieces, launch, SumOf::prepared, directions);
    launch.means = sums(directions);
    this->launch(device_.kernel(DeviceKernel::update, formula, set.following), pieces.elements, launch);
  }
  if (stream_) mark();
}

void DeviceRows::wait() {
  if (!launched_) return;
  const Current current(device_);
  if (stream_) device_.check(device_.driver().cuStreamWaitEvent(nullptr, order_, 0), "cuStreamWaitEvent");
  device_.check(device_.driver().cuStreamSynchronize(nullptr), "cuStreamSynchronize");
}

}  // namespace adabelief
