// Whatever call of the driver fails, and whichever time it is made: an error says so, nothing is left behind, and the next try
// gives the bits that it should. A device that is lost stays lost, and the others go on.
// device_failures MOCK_DRIVER
#include <functional>
#include <optional>

#include "control.h"
#include "samples.h"
#include "twin.h"

using namespace twin;
using Kind = EngineError::Kind;

namespace {

// Centralized AdaBelief with clipping, Lookahead and a moving average: every kind of launch but those of a formula with late
// means.
const Case all{0,
               0,
               stage::centralize | stage::begin | stage::blend | stage::ema,
               0.01f,
               0.5f,
               0,
               0.5,
               0.25,
               samples()[0].coefficients,
               Numbers::usual,
               11};

/** Steps on a device, once on a stream of somebody else's, and then on the default one. */
std::vector<float> train(int device) {
  const Layout layout({5000, 7, 4096, 0, 12});
  const auto memory = DeviceFloats::allocate(device, layout.size, nullptr);
  memory->write(contents(layout, all).data(), nullptr);
  {
    Model model(formula_of(all).name, layout, memory->data(), device);
    static const cu::Stream streams[] = {mock_driver::make_stream(0), mock_driver::make_stream(1)};
    model.table.use_stream(streams[device]);
    model.step(all);
    model.table.use_stream(nullptr);
    model.step(all);
    model.table.synchronize();
  }
  std::vector<float> result(layout.size);
  memory->read(result.data(), nullptr);
  const auto wrapped = DeviceFloats::wrap(device, reinterpret_cast<cu::Pointer>(memory->data()), 12);
  std::size_t offset = 0;
  wrapped->share(offset);
  CHECK(offset == 0, "the offset is %zu", offset);
  memory->free();
  return result;
}

/** The error's kind, or none. */
std::optional<Kind> failure_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const EngineError& error) {
    CHECK(*error.what(), "an error without words");
    return error.kind;
  }
  return std::nullopt;
}

/** What there is on devices at one moment, and whether it is the same later. */
class Before {
 public:
  void expect_nothing_more(const std::string& where) const {
    const mock_driver::Live now = mock_driver::live();
    CHECK(now.allocations == live_.allocations && now.opened == live_.opened && now.events == live_.events,
          "%d pieces of memory and %d events, before %d and %d: %s", now.allocations, now.events, live_.allocations, live_.events,
          where.c_str());
    expect_own_context(where);
  }
  static void expect_own_context(const std::string& where) {
    CHECK(mock_driver::live().context_depth == 0, "a context is left on the stack: %s", where.c_str());
  }

 private:
  const mock_driver::Live live_ = mock_driver::live();
};

/** What a device is loaded with, once, is tried again after it failed. */
void loading() {
  for (const char* call : {"cuDeviceGet", "cuDevicePrimaryCtxRetain", "cuModuleLoadData", "cuModuleGetFunction"}) {
    for (const cu::Result result : {cu::result::invalid_value, cu::result::out_of_memory}) {
      mock_driver::reset();
      mock_driver::fail(call, 0, 1, result);
      const Before before;
      CHECK(failure_of([] { train(0); }), "%s failed and nobody said so", call);
      CHECK(mock_driver::counts()[call] > 0, "%s was not called", call);
      before.expect_nothing_more(call);
    }
  }
}

void every_call(const std::vector<float>& wanted) {
  mock_driver::reset();
  train(0);
  int tried = 0;
  for (const auto& [call, count] : mock_driver::counts()) {
    if (call == "cuGetErrorName" || call == "cuGetErrorString") continue;
    if (call == "cuCtxPopCurrent_v2") continue;  // the driver's own stack would be wrong
    for (int after = 0; after < count; ++after) {
      for (const cu::Result result : {cu::result::invalid_value, cu::result::out_of_memory}) {
        const std::string where = call + " fails with " + std::to_string(result) + " after " + std::to_string(after);
        mock_driver::reset();
        mock_driver::fail(call, after, 1, result);
        const Before before;
        const std::optional<Kind> kind = failure_of([&] { expect_same(train(0), wanted, where); });
        CHECK(kind != Kind::unavailable && kind != Kind::device && kind != Kind::disposed, "the kind of error is wrong: %s",
              where.c_str());
        // What is given back may be refused as well: then the driver keeps it.
        const bool gives_back = !kind || call == "cuMemFree_v2" || call == "cuCtxPushCurrent_v2";
        if (!gives_back) before.expect_nothing_more(where);
        Before::expect_own_context(where);
        expect_same(train(0), wanted, "after " + where);
        ++tried;
      }
    }
  }
  CHECK(tried > 100, "only %d failures were tried", tried);
  std::printf("%d failures\n", tried);
}

/** A step whose first launches are done and whose others are not cannot be undone. */
void in_the_middle_of_a_step() {
  mock_driver::reset();
  train(0);
  const int launches = mock_driver::counts()["cuLaunchKernel"];
  mock_driver::reset();
  mock_driver::fail("cuLaunchKernel", launches - 1, 1, cu::result::launch_out_of_resources);
  CHECK(failure_of([] { train(0); }) == Kind::lost, "a step that was done in part is no lost one");
}

void lost(const std::vector<float>& wanted) {
  mock_driver::reset();
  expect_same(train(1), wanted, "the second device");
  mock_driver::lose(cu::result::illegal_address, 1);
  CHECK(failure_of([] { train(1); }) == Kind::lost, "a device failed and is not lost");
  mock_driver::reset();
  CHECK(failure_of([] { train(1); }) == Kind::lost, "a device that was lost is back");
  CHECK(mock_driver::counts()["cuLaunchKernel"] == 0, "a device that was lost is given work");
  const Before before;
  expect_same(train(0), wanted, "the device beside the one that was lost");
  before.expect_nothing_more("the device beside the one that was lost");
}

}  // namespace

int main(int count, char** arguments) {
  REQUIRE(count == 2, "device_failures MOCK_DRIVER");
  const CudaDescription& cuda = describe_cuda(arguments[1]);
  REQUIRE(cuda.reason.empty(), "%s", cuda.reason.c_str());
  REQUIRE(cuda.mock_driver, "failures are for a mock driver, not for %s", cuda.devices[0].name.c_str());
  loading();
  const std::vector<float> wanted = train(0);
  every_call(wanted);
  in_the_middle_of_a_step();
  lost(wanted);
}
