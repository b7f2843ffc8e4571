#include "memory.h"

#include <cstring>
#include <limits>

namespace adabelief {

namespace {

using Kind = EngineError::Kind;

EngineError pointer_error(const std::string& what) { return {Kind::pointer, what}; }

/** The allocation that memory lies in. */
struct Allocation {
  cu::Pointer begin;
  std::size_t bytes;
};

Allocation allocation_of(CudaDevice& device, cu::Pointer pointer) {
  Allocation result{};
  const cu::Result code = device.driver().cuMemGetAddressRange_v2(&result.begin, &result.bytes, pointer);
  if (code == cu::result::invalid_value || code == cu::result::not_found)
    throw pointer_error("There is no memory of a device there");
  device.check(code, "cuMemGetAddressRange");
  return result;
}

/** Asks the driver what it knows of an address; returns where the allocation begins that it lies in. */
cu::Pointer require_place(CudaDevice& device, cu::Pointer pointer, std::size_t length) {
  if (pointer == 0) throw pointer_error("The pointer is 0");
  if (pointer % alignof(float) != 0) throw pointer_error("The pointer is not a multiple of 4, where floats can lie");
  unsigned type = 0;
  const cu::Result code = device.driver().cuPointerGetAttribute(&type, cu::pointer_attribute::memory_type, pointer);
  if (code == cu::result::invalid_value || (code == 0 && type != cu::pointer_attribute::device_memory)) {
    throw pointer_error("The pointer is not one of a device's memory");
  }
  device.check(code, "cuPointerGetAttribute");
  int ordinal = -1;
  device.check(device.driver().cuPointerGetAttribute(&ordinal, cu::pointer_attribute::device_ordinal, pointer),
               "cuPointerGetAttribute");
  if (ordinal != device.ordinal()) {
    throw pointer_error("The memory lies on CUDA device " + std::to_string(ordinal) + ", not on " +
                        std::to_string(device.ordinal()));
  }
  const Allocation allocation = allocation_of(device, pointer);
  const std::size_t room = allocation.bytes - (pointer - allocation.begin);
  if (length > room / sizeof(float)) {
    throw pointer_error("The memory ends after " + std::to_string(room / sizeof(float)) + " floats, before the length of " +
                        std::to_string(length));
  }
  return allocation.begin;
}

void require_size(std::size_t length) {
  if (length <= std::numeric_limits<std::size_t>::max() / sizeof(float) / 2) return;
  throw EngineError(Kind::memory, "There is no memory for " + std::to_string(length) + " floats");
}

}  // namespace

std::shared_ptr<DeviceFloats> DeviceFloats::allocate(int ordinal, std::size_t length, cu::Stream stream) {
  CudaDevice& device = CudaDevice::at(ordinal);
  require_size(length);
  const Current current(device);
  device.require_stream(stream);
  std::shared_ptr<DeviceFloats> floats(new DeviceFloats(device, Origin::owned, length));
  if (length == 0) return floats;
  device.check(device.driver().cuMemAlloc_v2(&floats->base_, length * sizeof(float)), "cuMemAlloc");
  floats->pointer_ = floats->base_;
  floats->fill(0, stream);
  return floats;
}

std::shared_ptr<DeviceFloats> DeviceFloats::wrap(int ordinal, cu::Pointer pointer, std::size_t length) {
  CudaDevice& device = CudaDevice::at(ordinal);
  const Current current(device);
  require_place(device, pointer, length);
  std::shared_ptr<DeviceFloats> floats(new DeviceFloats(device, Origin::wrapped, length));
  floats->pointer_ = pointer;
  return floats;
}

std::shared_ptr<DeviceFloats> DeviceFloats::open(int ordinal, const cu::IpcHandle& handle, std::size_t offset,
                                                 std::size_t length) {
  CudaDevice& device = CudaDevice::at(ordinal);
  require_size(length);
  const Current current(device);
  std::shared_ptr<DeviceFloats> floats(new DeviceFloats(device, Origin::opened, length));
  device.check(device.driver().cuIpcOpenMemHandle_v2(&floats->base_, handle, cu::ipc_lazy_peer_access), "cuIpcOpenMemHandle");
  // Behind the end of what was opened other memory may lie, of this process.
  if (require_place(device, floats->base_ + offset, length) != allocation_of(device, floats->base_).begin) {
    throw pointer_error("The offset of " + std::to_string(offset) + " bytes leads out of the memory that was opened");
  }
  floats->pointer_ = floats->base_ + offset;
  return floats;
}

DeviceFloats::~DeviceFloats() {
  try {
    free();
  } catch (const EngineError&) {  // the device is lost, and its memory with it
  }
}

void DeviceFloats::free() {
  if (disposed_) return;
  try {
    give_back();
    disposed_ = true;
  } catch (const EngineError& error) {
    disposed_ = error.kind == Kind::lost;  // with its device; what the driver refused may be tried again
    throw;
  }
}

void DeviceFloats::give_back() {
  if (base_ == 0) return;
  const Current current(device_);
  const Driver& driver = device_.driver();
  const bool opened = origin_ == Origin::opened;
  // cuMemFree waits for work on the memory; nothing is said of cuIpcCloseMemHandle.
  if (opened) device_.check(driver.cuCtxSynchronize(), "cuCtxSynchronize");
  const cu::Result result = opened ? driver.cuIpcCloseMemHandle(base_) : driver.cuMemFree_v2(base_);
  if (result != cu::result::deinitialized) device_.check(result, opened ? "cuIpcCloseMemHandle" : "cuMemFree");
}

void DeviceFloats::require_usable() const {
  if (disposed_) throw EngineError(Kind::disposed, "This CudaArray was disposed");
}

void DeviceFloats::read(float* into, cu::Stream stream) const {
  require_usable();
  const Current current(device_);
  device_.require_stream(stream);
  if (length_ > 0) {
    device_.check(device_.driver().cuMemcpyDtoHAsync_v2(into, pointer_, bytes(), stream), "cuMemcpyDtoHAsync");
  }
  device_.check(device_.driver().cuStreamSynchronize(stream), "cuStreamSynchronize");
}

void DeviceFloats::write(const float* from, cu::Stream stream) {
  require_usable();
  const Current current(device_);
  device_.require_stream(stream);
  if (length_ > 0) {
    device_.check(device_.driver().cuMemcpyHtoDAsync_v2(pointer_, from, bytes(), stream), "cuMemcpyHtoDAsync");
  }
  device_.check(device_.driver().cuStreamSynchronize(stream), "cuStreamSynchronize");
}

void DeviceFloats::fill(float value, cu::Stream stream) {
  require_usable();
  const Current current(device_);
  device_.require_stream(stream);
  if (length_ == 0) return;
  unsigned bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  device_.check(device_.driver().cuMemsetD32Async(pointer_, bits, length_, stream), "cuMemsetD32Async");
}

cu::IpcHandle DeviceFloats::share(std::size_t& offset) const {
  require_usable();
  const Current current(device_);
  if (length_ == 0) throw pointer_error("An array without elements cannot be shared");
  cu::IpcHandle handle{};
  const cu::Pointer begin = allocation_of(device_, pointer_).begin;
  offset = pointer_ - begin;
  device_.check(device_.driver().cuIpcGetMemHandle(&handle, begin), "cuIpcGetMemHandle");
  return handle;
}

}  // namespace adabelief
