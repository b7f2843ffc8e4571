#include "device.h"

#include <algorithm>
#include <memory>

#include "image.h"

namespace adabelief {

namespace {

using Kind = EngineError::Kind;

/** After these nothing in the context works any more. */
bool is_lost(cu::Result result) {
  switch (result) {
    case 214:  // uncorrectable memory error
    case 220:  // of the link between devices
    case 226:
    case 700:  // illegal address
    case 702:  // time-out
    case 709:  // context destroyed
    case 710:  // assertion
    case 714:  // of the hardware's stack
    case 715:  // illegal instruction
    case 716:  // misaligned address
    case 717:  // invalid address space
    case 718:  // invalid program counter
    case 719:  // launch failed
    case 721:
    case 999:  // unknown
      return true;
    default: return false;
  }
}

/** What the kernels are compiled for at least: compute capability 7.5. */
constexpr int oldest_major = 7, oldest_minor = 5;

bool is_too_old(const DeviceDescription& device) {
  return device.major < oldest_major || (device.major == oldest_major && device.minor < oldest_minor);
}

std::string say_too_old(const DeviceDescription& device) {
  const auto text = [](int major, int minor) { return std::to_string(major) + "." + std::to_string(minor); };
  return device.name + " has compute capability " + text(device.major, device.minor) + ", and the kernels need " +
         text(oldest_major, oldest_minor);
}

CudaDescription describe_all(const char* driver_path) {
  const DriverState& state = load_driver(driver_path);  // Clang before 16 cannot capture structured bindings
  const Driver* const driver = state.driver;
  if (!driver) return {state.reason, 0, false, {}};
  CudaDescription result{"", driver->version, driver->mock_driver, {}};
  if (!driver->mock_driver && !image().fatbin) {
    result.reason = "this build of adabelief has no CUDA kernels: nvcc was not found when it was built";
    return result;
  }
  const auto refuse = [&](cu::Result code, const char* what) {
    result.reason = std::string(what) + ": " + describe(*driver, code);
    return result;
  };
  int count = 0;
  if (const cu::Result code = driver->cuDeviceGetCount(&count)) return refuse(code, "the devices cannot be counted");
  if (count == 0) result.reason = "there is a driver, but no CUDA device";
  for (int i = 0; i < count; ++i) {
    cu::Device device = 0;
    char name[256] = {};
    DeviceDescription one{};
    cu::Result code = driver->cuDeviceGet(&device, i);
    if (!code) code = driver->cuDeviceGetName(name, sizeof name - 1, device);
    if (!code) code = driver->cuDeviceTotalMem_v2(&one.memory, device);
    if (!code) code = driver->cuDeviceGetAttribute(&one.major, cu::device_attribute::compute_major, device);
    if (!code) code = driver->cuDeviceGetAttribute(&one.minor, cu::device_attribute::compute_minor, device);
    if (code) return refuse(code, "a device does not describe itself");
    one.name = name;
    result.devices.push_back(std::move(one));
  }
  const auto& devices = result.devices;
  if (!devices.empty() && std::all_of(devices.begin(), devices.end(), is_too_old)) {
    result.reason = "there is no device that is new enough: " + say_too_old(devices[0]);
  }
  return result;
}

}  // namespace

const CudaDescription& describe_cuda(const char* driver_path) {
  static const CudaDescription description = describe_all(driver_path);
  return description;
}

CudaDevice& CudaDevice::at(int ordinal) {
  const CudaDescription& description = describe_cuda(nullptr);
  if (!description.reason.empty()) throw EngineError(Kind::unavailable, "CUDA is not available: " + description.reason);
  const auto count = description.devices.size();
  if (ordinal < 0 || static_cast<std::size_t>(ordinal) >= count) {
    throw EngineError(Kind::device,
                      "There is no CUDA device " + std::to_string(ordinal) + "; there are " + std::to_string(count));
  }
  const DeviceDescription& itself = description.devices[static_cast<std::size_t>(ordinal)];
  if (is_too_old(itself)) throw EngineError(Kind::device, "CUDA device " + std::to_string(ordinal) + ", " + say_too_old(itself));
  // Never destroyed: memory may be given back while the process ends.
  static std::mutex mutex;
  static auto& devices = *new std::vector<std::unique_ptr<CudaDevice>>(count);
  const std::lock_guard<std::mutex> lock(mutex);
  auto& device = devices[static_cast<std::size_t>(ordinal)];
  if (!device) {
    std::unique_ptr<CudaDevice> fresh(new CudaDevice(*load_driver(nullptr).driver, ordinal));
    cu::Device handle = 0;
    fresh->check(fresh->driver_.cuDeviceGet(&handle, ordinal), "cuDeviceGet");
    fresh->check(fresh->driver_.cuDevicePrimaryCtxRetain(&fresh->context_, handle), "cuDevicePrimaryCtxRetain");
    device = std::move(fresh);
  }
  device->require_alive();
  return *device;
}

CudaDevice::CudaDevice(const Driver& driver, int ordinal) : driver_(driver), ordinal_(ordinal) {}

void CudaDevice::check(cu::Result result, const char* call) {
  if (result == cu::result::success) return;
  const std::string what = std::string(call) + " on CUDA device " + std::to_string(ordinal_) + ": " + describe(driver_, result);
  if (is_lost(result)) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (lost_.empty()) lost_ = "CUDA device " + std::to_string(ordinal_) + " was lost: " + what;
    throw EngineError(Kind::lost, lost_);
  }
  const bool captures = result >= cu::result::first_of_capture && result <= cu::result::last_of_capture;
  throw EngineError(result == cu::result::out_of_memory ? Kind::memory : captures ? Kind::capture : Kind::refused, what);
}

void CudaDevice::require_alive() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!lost_.empty()) throw EngineError(Kind::lost, lost_);
}

void CudaDevice::require_stream(cu::Stream stream) {
  if (!stream) return;
  cu::Context owner = nullptr;
  const cu::Result result = driver_.cuStreamGetCtx(stream, &owner);
  if (is_lost(result)) check(result, "cuStreamGetCtx");
  if (result == cu::result::success && owner == context_) {
    if (!is_capturing(stream)) return;
    throw EngineError(Kind::capture, "The stream is being captured into a graph: only steps with capturable: true can be");
  }
  throw EngineError(Kind::stream, "The stream does not belong to CUDA device " + std::to_string(ordinal_) +
                                      ", where the parameters of this step are");
}

bool CudaDevice::is_capturing(cu::Stream stream) {
  if (!stream) return false;  // the legacy default stream never is
  int status = 0;
  check(driver_.cuStreamIsCapturing(stream, &status), "cuStreamIsCapturing");
  return status != 0;
}

/** Loads the kernels: those made for this device, or by a driver older than the toolkit from text. */
void CudaDevice::load() {
  const std::lock_guard<std::mutex> lock(loading_);
  if (module_) return;
  static const char nothing[] = "";  // a mock driver has the kernels itself
  const auto& [fatbin, ptx] = image();
  cu::Result result = driver_.cuModuleLoadData(&module_, fatbin ? fatbin : nothing);
  // Drivers of other ages have other words for an image that they cannot read, or cannot unpack.
  const bool readable = result == cu::result::success || result == cu::result::out_of_memory || is_lost(result);
  if (!readable && ptx) result = driver_.cuModuleLoadData(&module_, ptx);
  if (result != cu::result::success) module_ = nullptr;
  check(result, "cuModuleLoadData");
}

cu::Function CudaDevice::kernel(const std::string& name) {
  load();
  const std::lock_guard<std::mutex> lock(mutex_);
  cu::Function& function = kernels_[name];
  if (function) return function;
  const char* symbol = driver_.mock_driver ? name.c_str() : kernel_symbol(name);
  const cu::Result result = symbol ? driver_.cuModuleGetFunction(&function, module_, symbol) : cu::result::not_found;
  if (result == cu::result::success) return function;
  function = nullptr;
  throw EngineError(Kind::refused, "cuModuleGetFunction of " + name + ": " + describe(driver_, result));
}

cu::Function CudaDevice::kernel(FormulaKernel kind, int formula, int variant) {
  auto& known = of_formulas_[static_cast<int>(kind)];
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = known.find({formula, variant});
    if (found != known.end()) return found->second;
  }
  const cu::Function function = kernel(name_of(kind, formula, variant));
  const std::lock_guard<std::mutex> lock(mutex_);
  return known[{formula, variant}] = function;
}

/** In portions that the driver takes into the command, so that it does not wait for the stream. */
void CudaDevice::copy(cu::Pointer to, const void* from, std::size_t bytes, cu::Stream stream) {
  constexpr std::size_t portion = 32768;
  for (std::size_t at = 0; at < bytes; at += portion) {
    const cu::Result result =
        driver_.cuMemcpyHtoDAsync_v2(to + at, static_cast<const char*>(from) + at, std::min(portion, bytes - at), stream);
    check(result, "cuMemcpyHtoDAsync");
  }
}

void CudaDevice::launch(cu::Function function, std::size_t blocks, const Launch& launch, cu::Stream stream) {
  if (blocks == 0) return;
  void* arguments[] = {const_cast<Launch*>(&launch)};  // copied before the call returns
  check(driver_.cuLaunchKernel(function, static_cast<unsigned>(blocks), 1, 1, piece_threads, 1, 1, 0, stream, arguments, nullptr),
        "cuLaunchKernel");
}

Current::Current(CudaDevice& device) : device_(device) {
  device.require_alive();
  const cu::Result result = device.driver_.cuCtxPushCurrent_v2(device.context_);
  // A primary context ceases to be one when somebody resets its device (cudaDeviceReset), with all that was in it.
  device.check(result == cu::result::invalid_context ? cu::result::context_is_destroyed : result, "cuCtxPushCurrent");
}

Current::~Current() {
  cu::Context popped = nullptr;
  device_.driver_.cuCtxPopCurrent_v2(&popped);
}

}  // namespace adabelief
