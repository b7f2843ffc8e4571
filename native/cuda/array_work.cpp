#include "array_work.h"

#include <cmath>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "../core/float_environment.h"
#include "../table/engine.h"
#include "device_buffer.h"

namespace adabelief {

namespace {

/** Room on a device for the rows and pieces of one launch at a time, in whatever stream. */
class Bench {
 public:
  /** The one of a device; never destroyed, as devices are. */
  static Bench& of(CudaDevice& device) {
    static std::mutex mutex;
    static auto& benches = *new std::map<int, std::unique_ptr<Bench>>;
    const std::lock_guard<std::mutex> lock(mutex);
    auto& bench = benches[device.ordinal()];
    if (!bench) bench = std::make_unique<Bench>(device);
    return *bench;
  }

  explicit Bench(CudaDevice& device) : device_(device), table_(device) {
    const Current current(device);
    device.check(device.driver().cuEventCreate(&used_, cu::event_without_timing), "cuEventCreate");
  }

  /** Launches a kernel over pieces of the rows, after what was launched here before. */
  void launch(const char* kernel, const std::vector<DeviceRow>& rows, const std::vector<DevicePiece>& pieces, Launch& launch,
              cu::Stream stream) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const Current current(device_);
    device_.require_stream(stream);
    const cu::Function function = device_.kernel(kernel);
    const std::size_t bytes = rows.size() * sizeof(DeviceRow), all = bytes + pieces.size() * sizeof(DevicePiece);
    if (all > table_.bytes()) wait();
    table_.reserve(all);
    device_.check(device_.driver().cuStreamWaitEvent(stream, used_, 0), "cuStreamWaitEvent");
    try {
      device_.copy(table_.data(), rows.data(), bytes, stream);
      device_.copy(table_.data() + bytes, pieces.data(), all - bytes, stream);
      launch.rows = reinterpret_cast<const DeviceRow*>(table_.data());
      launch.pieces = reinterpret_cast<const DevicePiece*>(table_.data() + bytes);
      device_.launch(function, pieces.size(), launch, stream);
    } catch (const EngineError&) {
      device_.driver().cuEventRecord(used_, stream);  // a later call must not overtake the copies
      throw;
    }
    device_.check(device_.driver().cuEventRecord(used_, stream), "cuEventRecord");
  }

 private:
  void wait() {
    device_.check(device_.driver().cuStreamWaitEvent(nullptr, used_, 0), "cuStreamWaitEvent");
    device_.check(device_.driver().cuStreamSynchronize(nullptr), "cuStreamSynchronize");
  }

  CudaDevice& device_;
  std::mutex mutex_;
  DeviceBuffer table_;
  cu::Event used_ = nullptr;
};

DeviceRow row_of(float* array, std::size_t length) {
  DeviceRow row{};
  row.data = row.out = array;
  row.cut = {length, 0};
  return row;
}

void add_pieces(std::vector<DevicePiece>& pieces, std::size_t row, std::size_t length, std::uint64_t size) {
  for (std::uint64_t begin = 0; begin < length; begin += size) pieces.push_back({row, begin});
}

}  // namespace

void accumulate_on_device(int device, float* into, const std::vector<const float*>& sources, float scale, std::size_t length,
                          SumOrder order, cu::Stream stream) {
  std::vector<DeviceRow> rows(sources.size(), row_of(into, length));
  for (std::size_t k = 0; k < rows.size(); ++k) rows[k].grad = sources[k];
  Launch launch{};
  launch.count = rows.size();
  launch.factors.scale = scale;
  launch.piece = piece_length(length);
  std::vector<DevicePiece> pieces;
  add_pieces(pieces, 0, length, launch.piece);
  CudaDevice& where = CudaDevice::at(device);
  Bench::of(where).launch(order == SumOrder::pairs ? accumulate_pairs_kernel : accumulate_kernel, rows, pieces, launch, stream);
}

void scale_on_device(int device, const std::vector<Floats32>& arrays, float factor, cu::Stream stream) {
  std::size_t elements = 0;
  for (const Floats32& array : arrays) elements += array.length;
  Launch launch{};
  launch.factors.scale = factor;
  launch.piece = piece_length(elements);
  std::vector<DeviceRow> rows;
  std::vector<DevicePiece> pieces;
  for (const Floats32& array : arrays) {
    add_pieces(pieces, rows.size(), array.length, launch.piece);
    rows.push_back(row_of(array.data, array.length));
  }
  Bench::of(CudaDevice::at(device)).launch(scale_kernel, rows, pieces, launch, stream);
}

double norm_across_places(const std::vector<PlacedFloats>& arrays, int threads, cu::Stream stream) {
  const FloatEnvironment environment;
  std::vector<Row> rows;
  std::set<int> places;
  for (const auto& [array, place] : arrays) {
    Row row;
    row.span = {array.data, array.data, array.data, {}, array.length};
    row.place = place;
    rows.push_back(row);
    places.insert(place);
  }
  // A step that needs the norm, of any formula: its update is not run.
  const std::vector<std::int32_t> sets(rows.size(), 0);
  const std::int32_t variant = 0, stages = 0;
  const float coefficients[max_coefficients] = {};
  const double noise[2] = {};
  Gradients gradients;
  gradients.max_norm = 0;
  Plan plan(rows, 0);
  plan.make({sets.data(), &variant, &stages, coefficients, noise, 1, &gradients});
  plan.threads = threads;
  plan.stream = stream;
  std::vector<double> sums(plan.tensors().count());
  for (const int place : places) {
    const std::unique_ptr<Engine> engine = make_engine(place);
    engine->prepare(plan, {true, true, true});
    engine->sum_squares(plan, sums.data());
  }
  plan.tensors().add_up(sums.data());
  return std::sqrt(plan.tensors().total(sums.data()));
}

}  // namespace adabelief
