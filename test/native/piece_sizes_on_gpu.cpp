// The time of AdaBelief's plain step on a device by the size of the pieces that its rows are cut into, to choose small_piece,
// large_piece and large_model of native/cuda/launch.h. piece_sizes_on_gpu DRIVER [MOST]: DRIVER is the library of the driver;
// models have at most MOST elements.
#include <algorithm>
#include <chrono>
#include <vector>

#include "check.h"
#include "core/formula.h"
#include "cuda/device.h"
#include "cuda/device_buffer.h"
#include "cuda/memory.h"

using namespace adabelief;

namespace {

struct Shape {
  const char* name;
  std::uint64_t rows, length;
};
constexpr Shape shapes[] = {{"1e4", 1, 10000},           {"1e5", 1, 100000},           {"1e6", 1, 1000000},
                            {"4e6", 1, 4000000},         {"1e7", 1, 10000000},         {"1e8", 1, 100000000},
                            {"1000 x 1000", 1000, 1000}, {"100 x 100000", 100, 100000}};
constexpr std::uint64_t pieces[] = {512, 1024, 2048, 4096, 8192, 16384};

/** The memory of a model, and the list of its rows on the device. */
class Model {
 public:
  Model(CudaDevice& device, const Shape& shape) : device_(device), shape_(shape), table_(device) {
    const std::uint64_t stride = (shape.length + 3) / 4 * 4;
    // Real values: a device spends less power on zeros, and runs faster.
    std::vector<float> values(shape.rows * stride);
    std::uint32_t state = 1;
    for (float& value : values) value = static_cast<float>((state = state * 1664525 + 1013904223) >> 8) / 16777216.0f;
    for (auto& array : arrays_) {
      array = DeviceFloats::allocate(device.ordinal(), values.size(), nullptr);
      array->write(values.data(), nullptr);
    }
    for (std::uint64_t k = 0; k < shape.rows; ++k) {
      const auto at = [&](int array) { return arrays_[array]->data() + k * stride; };
      DeviceRow row{};
      row.out = at(0);
      row.data = row.out;
      row.grad = at(1);
      row.state[0] = at(2);
      row.state[1] = at(3);
      row.cut = {shape.length, 0};
      rows_.push_back(row);
    }
  }

  /** Microseconds of a step, of many in a row. */
  double time(std::uint64_t piece, int steps) {
    std::vector<DevicePiece> list;
    for (std::uint64_t k = 0; k < shape_.rows; ++k) {
      for (std::uint64_t at = 0; at < shape_.length; at += piece) list.push_back({k, at});
    }
    const Current current(device_);
    const Driver& driver = device_.driver();
    const std::size_t bytes = rows_.size() * sizeof(DeviceRow);
    table_.reserve(bytes + list.size() * sizeof(DevicePiece));
    device_.check(driver.cuMemcpyHtoDAsync_v2(table_.data(), rows_.data(), bytes, nullptr), "cuMemcpyHtoDAsync");
    device_.check(driver.cuMemcpyHtoDAsync_v2(table_.data() + bytes, list.data(), list.size() * sizeof list[0], nullptr),
                  "cuMemcpyHtoDAsync");
    Launch launch{};
    launch.rows = reinterpret_cast<const DeviceRow*>(table_.data());
    launch.pieces = reinterpret_cast<const DevicePiece*>(table_.data() + bytes);
    launch.factors = {1, 1, 0, 0};
    launch.piece = piece;
    std::fill(std::begin(launch.coefficients), std::end(launch.coefficients), 0.5f);
    const cu::Function kernel = device_.kernel(FormulaKernel::update, find_formula("adabelief"), 0);
    const auto run = [&](int times) {
      for (int k = 0; k < times; ++k) device_.launch(kernel, list.size(), launch, nullptr);
      device_.check(driver.cuStreamSynchronize(nullptr), "cuStreamSynchronize");
    };
    run(2);
    const auto started = std::chrono::steady_clock::now();
    run(steps);
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - started).count() / steps;
  }

 private:
  CudaDevice& device_;
  const Shape& shape_;
  DeviceBuffer table_;
  std::shared_ptr<DeviceFloats> arrays_[4];
  std::vector<DeviceRow> rows_;
};

double median_time(Model& model, std::uint64_t piece, int steps) {
  std::vector<double> times;
  for (int k = 0; k < 5; ++k) times.push_back(model.time(piece, steps));
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

}  // namespace

int main(int count, char** arguments) {
  REQUIRE(count == 2 || count == 3, "piece_sizes_on_gpu DRIVER [MOST]");
  const double most = count == 3 ? std::strtod(arguments[2], nullptr) : 1e9;
  const CudaDescription& cuda = describe_cuda(arguments[1]);
  REQUIRE(cuda.reason.empty(), "%s", cuda.reason.c_str());
  std::printf("%s: microseconds of a step, median of 5, by the elements of a piece\n%-14s", cuda.devices[0].name.c_str(),
              "model");
  for (const std::uint64_t piece : pieces) std::printf("%10llu", static_cast<unsigned long long>(piece));
  std::printf("   chosen\n");
  for (const Shape& shape : shapes) {
    const std::uint64_t elements = shape.rows * shape.length;
    if (static_cast<double>(elements) > most) continue;
    Model model(CudaDevice::at(0), shape);
    std::printf("%-14s", shape.name);
    for (const std::uint64_t piece : pieces) std::printf("%10.2f", median_time(model, piece, elements < 10000000 ? 200 : 20));
    std::printf("%9llu\n", static_cast<unsigned long long>(piece_length(elements)));
  }
}
