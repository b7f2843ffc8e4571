// Rows on a device give the bits of rows of the processor: for every variant of every formula and all that happens around it, for
// every length and alignment, whatever the numbers are, and nothing else is touched.
// devices_agree DRIVER [EVERY]: DRIVER is the library of the driver, NVIDIA's or the mock; EVERY takes one case in so many.
// Built twice: with MOCK_DRIVER it is linked to the mock and controls it, without it runs on any driver.
#include <algorithm>

#ifdef MOCK_DRIVER
#include "control.h"
#endif
#include "cuda/driver.h"
#include "samples.h"
#include "twin.h"

using namespace twin;

namespace {

const std::vector<std::size_t>& lengths() {
  static const std::vector<std::size_t> all = [] {
    std::vector<std::size_t> lengths = {4095, 4096, 4097, 12291, 8192, 3 * 4099, 255, 256, 257, 1023, 0, 63};
    for (std::size_t length = 1; length <= 19; ++length) lengths.push_back(length);
    return lengths;
  }();
  return all;
}

class Pair {
 public:
  Pair() : layout_(lengths()), device_(DeviceFloats::allocate(0, layout_.size, nullptr)), host_(layout_.size) {}

  /** Two steps of each: in the second one a device has the list of rows already. */
  void compare(const Case& c) {
    const std::string where = describe(c);
    host_ = contents(layout_, c);
    device_->write(host_.data(), nullptr);
    const char* name = formula_of(c).name;
    Model on_host(name, layout_, host_.data(), host), on_device(name, layout_, device_->data(), 0);
    for (int step = 1; step <= 2; ++step) {
      const Gradients wanted = on_host.step(c), got = on_device.step(c);
      CHECK(wanted.norm == got.norm || (wanted.norm != wanted.norm && got.norm != got.norm), "norm %a, expected %a: %s", got.norm,
            wanted.norm, where.c_str());
    }
    read_.resize(layout_.size);
    device_->read(read_.data(), nullptr);
    expect_same(read_, host_, where);
    ++cases;
  }

  int cases = 0;

 private:
  const Layout layout_;
  std::shared_ptr<DeviceFloats> device_;
  std::vector<float> host_, read_;
};

/** What happens around a formula: nothing, each part of it, and all at once. */
struct Around {
  std::int32_t stages;
  float decay, maximize;
  double scale, max_norm;
};

const Around around[] = {
    {0, 0, 0, 1, -1},
    {0, 0, 1, 1, -1},
    {0, 0.01f, 0, 1, -1},
    {0, 0, 0, 0.5, 0.25},
    {stage::centralize, 0, 0, 1, -1},
    {stage::begin, 0, 0, 1, -1},
    {stage::blend, 0, 0, 1, -1},
    {stage::begin_ema, 0, 0, 1, -1},
    {stage::ema, 0, 0, 1, -1},
    {stage::centralize_conv | stage::begin | stage::blend | stage::ema, 0.01f, 1, 0.125, 3},
};

/** Every case, or every so many of them. */
void sweep(std::uint64_t every) {
  Pair pair;
  std::uint64_t seed = 0;
  const auto try_all = [&](int formula, const float* coefficients) {
    for (int variant = 0; variant < formulas().begin[formula].variants; ++variant) {
      if (completes(formulas().begin[formula], variant)) continue;
      for (const auto& [stages, decay, maximize, scale, max_norm] : around) {
        if (++seed % every != 0) continue;
        pair.compare({formula, variant, stages, decay, 0.5f, maximize, scale, max_norm, coefficients,
                      static_cast<Numbers>(seed % 3), seed});
      }
    }
  };
  for (const Sample& sample : samples()) try_all(sample.formula, sample.coefficients);
  std::printf("%d cases over %zu rows\n", pair.cases, lengths().size());
}

/** The context that a caller has made current is current again. */
void leaves_the_current_context(const Driver& driver) {
  cu::Device device = 0;
  cu::Context context = nullptr, current = nullptr;
  REQUIRE(driver.cuDeviceGet(&device, 0) == 0 && driver.cuDevicePrimaryCtxRetain(&context, device) == 0, "no context");
  REQUIRE(driver.cuCtxPushCurrent_v2(context) == 0, "the context cannot be made current");
  { Pair().compare({0, 0, 0, 0, 0, 0, 1, 1, samples()[0].coefficients, Numbers::usual, 1}); }
  CHECK(driver.cuCtxPopCurrent_v2(&current) == 0 && current == context, "another context is current than before");
}

#ifdef MOCK_DRIVER
/** Threads in the reverse order give the same bits, and nothing is left behind. */
void holds_on_the_mock_driver(std::uint64_t every) {
  mock_driver::set_backwards(true);
  sweep(5 * every);
  const mock_driver::Live live = mock_driver::live();
  CHECK(live.allocations == 0 && live.events == 0 && live.context_depth == 0,
        "left behind: %d pieces of memory, %d events, %d contexts", live.allocations, live.events, live.context_depth);
}
#endif

/** Rows of the processor and of every device in one table. */
void several_places_in_one_table(int devices) {
  if (devices < 2) return void(std::printf("SKIPPED, not passed: rows on two devices; this machine has one\n"));
  const Layout layout({5000, 3, 4096});
  const Case c{0, 0, 0, 0, 0, 0, 1, 0.5, samples()[0].coefficients, Numbers::usual, 7};
  std::vector<float> wanted = contents(layout, c), got(layout.size), mixed = wanted;
  Model(formula_of(c).name, layout, wanted.data(), host).step(c);

  Model model(formula_of(c).name, layout, mixed.data(), host);
  std::vector<std::shared_ptr<DeviceFloats>> memory;
  for (int device = 0; device < 2; ++device) {
    memory.push_back(DeviceFloats::allocate(device, layout.size, nullptr));
    memory.back()->write(mixed.data(), nullptr);
    const twin::Row& row = layout.rows[static_cast<std::size_t>(device)];
    const auto at = [&](Array k) { return memory.back()->data() + row.place[k]; };
    model.table.bind(device, {at(p), at(out), at(g), {at(s0), at(s1), at(s2)}, row.length}, max_states, at(slow), at(ema),
                     device);
  }
  model.step(c);
  for (std::size_t device = 0; device < 2; ++device) {
    memory[device]->read(got.data(), nullptr);
    const std::size_t begin = layout.rows[device].place[p], end = layout.rows[device].place[out] + layout.rows[device].length;
    std::copy(got.begin() + static_cast<std::ptrdiff_t>(begin), got.begin() + static_cast<std::ptrdiff_t>(end),
              mixed.begin() + static_cast<std::ptrdiff_t>(begin));
  }
  for (std::size_t row = 0; row < 2; ++row) {  // state lies behind p
    memory[row]->read(got.data(), nullptr);
    for (const Array k : {s0, s1}) {
      const auto begin = static_cast<std::ptrdiff_t>(layout.rows[row].place[k]);
      std::copy_n(got.begin() + begin, layout.rows[row].length, mixed.begin() + begin);
    }
  }
  expect_same(mixed, wanted, "rows on two devices and on the processor");
}

}  // namespace

int main(int count, char** arguments) {
  REQUIRE(count == 2 || count == 3, "devices_agree DRIVER [EVERY]");
  const std::uint64_t every = count == 3 ? std::strtoull(arguments[2], nullptr, 10) : 1;
  const CudaDescription& cuda = describe_cuda(arguments[1]);
  REQUIRE(cuda.reason.empty(), "%s", cuda.reason.c_str());
  std::printf("%s\n", cuda.devices[0].name.c_str());
  sweep(every);
  leaves_the_current_context(*load_driver(nullptr).driver);
  several_places_in_one_table(static_cast<int>(cuda.devices.size()));
#ifdef MOCK_DRIVER
  holds_on_the_mock_driver(every);
#endif
}
