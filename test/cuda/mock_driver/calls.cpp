// The calls themselves, with the answers of NVIDIA's driver. Work on a device is done before a call returns.
#include <cstring>

#include "call.h"

namespace adabelief {

using namespace mock_driver;
using namespace cu::result;

namespace {

struct Words {
  cu::Result result;
  const char *name, *text;
};

const Words words[] = {
    {success, "CUDA_SUCCESS", "no error"},
    {invalid_value, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {out_of_memory, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {not_initialized, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {deinitialized, "CUDA_ERROR_DEINITIALIZED", "driver shutting down"},
    {no_device, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {invalid_device, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {invalid_image, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
    {invalid_context, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {no_binary_for_gpu, "CUDA_ERROR_NO_BINARY_FOR_GPU", "no kernel image is available for execution on the device"},
    {unsupported_ptx, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION", "the provided PTX was compiled with an unsupported toolchain."},
    {invalid_handle, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    {not_found, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {illegal_address, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
    {launch_out_of_resources, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too many resources requested for launch"},
    {launch_failed, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {capture_unsupported, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "operation not permitted when stream is capturing"},
    {capture_invalidated, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", "operation failed due to a previous error during capture"},
    {capture_unmatched, "CUDA_ERROR_STREAM_CAPTURE_UNMATCHED", "capture was not initiated in this stream"},
    {capture_isolation, "CUDA_ERROR_STREAM_CAPTURE_ISOLATION", "dependency created on uncaptured work in another stream"},
    {capture_implicit, "CUDA_ERROR_STREAM_CAPTURE_IMPLICIT",
     "operation would make the legacy stream depend on a capturing blocking stream"},
    {captured_event, "CUDA_ERROR_CAPTURED_EVENT", "operation not permitted on an event last recorded in a capturing stream"},
};

cu::Result find_words(cu::Result result, const char** into, const char* Words::*which) {
  for (const Words& entry : words) {
    if (entry.result != result) continue;
    *into = entry.*which;
    return success;
  }
  *into = nullptr;
  return invalid_value;
}

/** Memory of a device; null, and the device is lost, where there is none. */
void* host_of(cu::Context context, cu::Pointer begin, std::size_t bytes) {
  void* found = mock_driver::model().memory.host(begin, bytes, context->device);
  if (!found) context->lost = illegal_address;
  return found;
}

}  // namespace

const int adabelief_mock_driver = 1;

cu::Result cuInit(unsigned) {
  BEGIN(cuInit, nothing);
  if (call.model.devices == 0) return no_device;
  call.model.initialized = true;
  return success;
}

cu::Result cuDriverGetVersion(int* version) {
  BEGIN(cuDriverGetVersion, nothing);
  *version = call.model.version;
  return success;
}

cu::Result cuGetErrorName(cu::Result result, const char** name) {
  BEGIN(cuGetErrorName, nothing);
  return find_words(result, name, &Words::name);
}

cu::Result cuGetErrorString(cu::Result result, const char** text) {
  BEGIN(cuGetErrorString, nothing);
  return find_words(result, text, &Words::text);
}

cu::Result cuDeviceGetCount(int* count) {
  BEGIN(cuDeviceGetCount, initialization);
  *count = call.model.devices;
  return success;
}

cu::Result cuDeviceGet(cu::Device* device, int ordinal) {
  BEGIN(cuDeviceGet, initialization);
  if (!call.model.has(ordinal)) return invalid_device;
  *device = ordinal;
  return success;
}

cu::Result cuDeviceGetName(char* name, int length, cu::Device device) {
  BEGIN(cuDeviceGetName, initialization);
  if (!call.model.has(device)) return invalid_device;
  if (length < 1) return invalid_value;
  std::snprintf(name, static_cast<std::size_t>(length), "adabelief mock driver (no GPU)");
  return success;
}

cu::Result cuDeviceTotalMem_v2(std::size_t* bytes, cu::Device device) {
  BEGIN(cuDeviceTotalMem_v2, initialization);
  if (!call.model.has(device)) return invalid_device;
  *bytes = device_memory;
  return success;
}

cu::Result cuDeviceGetAttribute(int* value, int attribute, cu::Device device) {
  BEGIN(cuDeviceGetAttribute, initialization);
  if (!call.model.has(device)) return invalid_device;
  if (attribute != cu::device_attribute::compute_major && attribute != cu::device_attribute::compute_minor) return invalid_value;
  const int capability = call.model.capabilities[static_cast<std::size_t>(device)];
  *value = attribute == cu::device_attribute::compute_major ? capability / 10 : capability % 10;
  return success;
}

cu::Result cuDevicePrimaryCtxRetain(cu::Context* context, cu::Device device) {
  BEGIN(cuDevicePrimaryCtxRetain, initialization);
  if (!call.model.has(device)) return invalid_device;
  *context = call.model.context(device);
  return (*context)->lost;
}

cu::Result cuCtxPushCurrent_v2(cu::Context context) {
  BEGIN(cuCtxPushCurrent_v2, initialization);
  if (!context) return invalid_context;
  context_stack().push_back(context);
  ++call.model.context_depth;
  return success;
}

cu::Result cuCtxPopCurrent_v2(cu::Context* context) {
  BEGIN(cuCtxPopCurrent_v2, initialization);
  if (context_stack().empty()) return invalid_context;
  if (context) *context = context_stack().back();
  context_stack().pop_back();
  --call.model.context_depth;
  return success;
}

cu::Result cuCtxSynchronize() {
  BEGIN(cuCtxSynchronize, context);
  return call.unless_capturing();
}

cu::Result cuModuleLoadData(cu::Module* module, const void*) {
  BEGIN(cuModuleLoadData, context);
  if (const cu::Result refused = call.unless_capturing()) return refused;
  *module = call.model.modules.add({call.context, {}});
  return success;
}

cu::Result cuModuleGetFunction(cu::Function* function, cu::Module module, const char* name) {
  BEGIN(cuModuleGetFunction, context);
  if (!call.model.modules.has(module)) return invalid_handle;
  const HostKernel* kernel = find_kernel(name);
  if (!kernel) return not_found;
  *function = &module->functions.emplace(name, cu::FunctionTag{module->context, kernel}).first->second;
  return success;
}

cu::Result cuMemAlloc_v2(cu::Pointer* memory, std::size_t bytes) {
  BEGIN(cuMemAlloc_v2, context);
  if (const cu::Result refused = call.unless_capturing()) return refused;
  if (bytes == 0) return invalid_value;
  *memory = call.model.allocate(call.context->device, bytes);
  return *memory ? success : out_of_memory;
}

cu::Result cuMemFree_v2(cu::Pointer memory) {
  BEGIN(cuMemFree_v2, initialization);
  if (const cu::Result refused = call.unless_capturing()) return refused;
  return current_context() ? call.model.free(memory) : invalid_context;
}

cu::Result cuMemGetAddressRange_v2(cu::Pointer* begin, std::size_t* bytes, cu::Pointer memory) {
  BEGIN(cuMemGetAddressRange_v2, context);
  const Allocation* allocation = call.model.memory.find(memory, 0);
  if (!allocation) return not_found;
  if (begin) *begin = allocation->mapping.begin();
  if (bytes) *bytes = allocation->bytes;
  return success;
}

cu::Result cuPointerGetAttribute(void* value, int attribute, cu::Pointer memory) {
  BEGIN(cuPointerGetAttribute, initialization);
  const Allocation* allocation = call.model.memory.find(memory, 0);
  if (!allocation) return invalid_value;
  if (attribute == cu::pointer_attribute::memory_type) {
    std::memcpy(value, &cu::pointer_attribute::device_memory, sizeof(unsigned));
  } else if (attribute == cu::pointer_attribute::device_ordinal) {
    std::memcpy(value, &allocation->device, sizeof(int));
  } else {
    return invalid_value;
  }
  return success;
}

cu::Result cuMemcpyHtoDAsync_v2(cu::Pointer to, const void* from, std::size_t bytes, cu::Stream stream) {
  BEGIN(cuMemcpyHtoDAsync_v2, context);
  if (!call.knows(stream)) return invalid_handle;
  return call.enqueue(stream, [=, device = call.context] {
    void* host = bytes == 0 ? nullptr : host_of(device, to, bytes);
    if (host) std::memcpy(host, from, bytes);
    return device->lost;
  });
}

cu::Result cuMemcpyDtoHAsync_v2(void* to, cu::Pointer from, std::size_t bytes, cu::Stream stream) {
  BEGIN(cuMemcpyDtoHAsync_v2, context);
  if (!call.knows(stream)) return invalid_handle;
  return call.enqueue(stream, [=, device = call.context] {
    const void* host = bytes == 0 ? nullptr : host_of(device, from, bytes);
    if (host) std::memcpy(to, host, bytes);
    return device->lost;
  });
}

cu::Result cuMemsetD32Async(cu::Pointer to, unsigned value, std::size_t count, cu::Stream stream) {
  BEGIN(cuMemsetD32Async, context);
  if (!call.knows(stream)) return invalid_handle;
  if (to % sizeof value != 0) return invalid_value;
  return call.enqueue(stream, [=, device = call.context] {
    auto* host = static_cast<unsigned*>(count == 0 ? nullptr : host_of(device, to, count * sizeof value));
    for (std::size_t i = 0; host && i < count; ++i) host[i] = value;
    return device->lost;
  });
}

cu::Result cuStreamGetCtx(cu::Stream stream, cu::Context* context) {
  BEGIN(cuStreamGetCtx, context);
  if (!call.knows(stream)) return invalid_handle;
  *context = call.context_of(stream);
  return success;
}

cu::Result cuStreamSynchronize(cu::Stream stream) {
  BEGIN(cuStreamSynchronize, context);
  if (!call.knows(stream)) return invalid_handle;
  if (const cu::Result refused = call.unless_capturing()) return refused;
  return call.context_of(stream)->lost;
}

cu::Result cuStreamIsCapturing(cu::Stream stream, int* status) {
  BEGIN(cuStreamIsCapturing, context);
  if (!call.knows(stream)) return invalid_handle;
  const mock_driver::Capture* capture = reinterpret_cast<std::uintptr_t>(stream) <= 2 ? nullptr : stream->capture.get();
  *status = !capture ? 0 : capture->invalidated ? 2 : 1;
  return success;
}

/** Only what was captured together may wait for each other. */
cu::Result cuStreamWaitEvent(cu::Stream stream, cu::Event event, unsigned) {
  BEGIN(cuStreamWaitEvent, context);
  if (!call.knows(stream) || !call.model.events.has(event)) return invalid_handle;
  const bool named = reinterpret_cast<std::uintptr_t>(stream) > 2;
  const auto capture = named ? stream->capture : nullptr;
  if (capture == event->capture) return capture ? success : call.enqueue(stream, [] { return success; });
  if (capture) capture->invalidated = true;
  return capture ? capture_isolation : captured_event;
}

cu::Result cuEventCreate(cu::Event* event, unsigned) {
  BEGIN(cuEventCreate, context);
  *event = call.model.events.add({call.context, nullptr});
  return success;
}

cu::Result cuEventRecord(cu::Event event, cu::Stream stream) {
  BEGIN(cuEventRecord, context);
  if (!call.knows(stream) || !call.model.events.has(event)) return invalid_handle;
  if (event->context != call.context_of(stream)) return invalid_handle;
  const cu::Result result = call.enqueue(stream, [] { return success; });
  if (result == success) event->capture = reinterpret_cast<std::uintptr_t>(stream) > 2 ? stream->capture : nullptr;
  return result;
}

cu::Result cuEventSynchronize(cu::Event event) {
  BEGIN(cuEventSynchronize, context);
  if (!call.model.events.has(event)) return invalid_handle;
  if (event->capture) return captured_event;
  if (const cu::Result refused = call.unless_capturing()) return refused;
  return event->context->lost;
}

cu::Result cuEventDestroy_v2(cu::Event event) {
  BEGIN(cuEventDestroy_v2, initialization);
  if (!call.model.events.has(event)) return invalid_handle;
  const cu::Result result = event->context->lost;
  call.model.events.remove(event);
  return result;
}

cu::Result cuLaunchKernel(cu::Function function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                          unsigned block_y, unsigned block_z, unsigned, cu::Stream stream, void** arguments, void** extra) {
  BEGIN(cuLaunchKernel, context);
  if (!function || !call.knows(stream)) return invalid_handle;
  if (function->context != call.context || call.context_of(stream) != call.context) return invalid_handle;
  if (grid_x == 0 || grid_x > 0x7FFFFFFF || grid_y != 1 || grid_z != 1) return invalid_value;
  if (block_x == 0 || block_x > 1024 || block_y != 1 || block_z != 1 || !arguments || extra) return invalid_value;
  Launch launch;
  std::memcpy(&launch, arguments[0], sizeof launch);
  return call.enqueue(stream, [=, kernel = function->kernel, device = call.context] {
    Model& model = mock_driver::model();
    const auto translate = [&](const void* begin, std::size_t bytes) {
      return model.memory.host(reinterpret_cast<cu::Pointer>(begin), bytes, device->device);
    };
    const bool ran = run_kernel(*kernel, launch, grid_x, block_x, model.backwards, translate);
    if (!ran || !model.memory.intact()) device->lost = illegal_address;
    return success;  // what happens on a device shows in a later call
  });
}

cu::Result cuIpcGetMemHandle(cu::IpcHandle* handle, cu::Pointer memory) {
  BEGIN(cuIpcGetMemHandle, context);
  const Allocation* allocation = call.model.memory.find(memory, 0);
  if (!allocation || allocation->opened > 0 || allocation->mapping.begin() != memory) return invalid_value;
  return call.model.memory.export_handle(memory, *handle) ? success : out_of_memory;
}

cu::Result cuIpcOpenMemHandle_v2(cu::Pointer* memory, cu::IpcHandle handle, unsigned flags) {
  BEGIN(cuIpcOpenMemHandle_v2, context);
  if (flags != cu::ipc_lazy_peer_access) return invalid_value;
  return call.model.memory.open_handle(handle, call.context->device, call.model.ipc_within_process, *memory);
}

cu::Result cuIpcCloseMemHandle(cu::Pointer memory) {
  BEGIN(cuIpcCloseMemHandle, context);
  return call.model.memory.close_handle(memory);
}

}  // namespace adabelief
