// NVIDIA's driver, found at run time: nothing is linked, so that the binary loads where there is none, and says why it cannot
// run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace adabelief {
namespace cu {

// The driver's own types, by their sizes; its header is not needed to build this.
using Result = int;  // 0: success
using Device = int;
using Context = struct ContextTag*;
using Module = struct ModuleTag*;
using Function = struct FunctionTag*;
using Stream = struct StreamTag*;  // null: the legacy default stream
using Event = struct EventTag*;
using Pointer = std::uint64_t;
struct IpcHandle {
  char bytes[64];
};

namespace result {
constexpr Result success = 0, invalid_value = 1, out_of_memory = 2, deinitialized = 4, no_device = 100, invalid_device = 101,
                 invalid_image = 200, invalid_context = 201, no_binary_for_gpu = 209, unsupported_ptx = 222, not_found = 500,
                 illegal_address = 700, launch_out_of_resources = 701, context_is_destroyed = 709, launch_failed = 719,
                 first_of_capture = 900, last_of_capture = 908;
}
namespace device_attribute {
constexpr int compute_major = 75, compute_minor = 76;
}
namespace pointer_attribute {
constexpr int memory_type = 2, device_ordinal = 9;
constexpr unsigned device_memory = 2;
}  // namespace pointer_attribute
constexpr unsigned event_without_timing = 2, ipc_lazy_peer_access = 1;

}  // namespace cu

// Every call that is made: its exported name, and what it takes.
#define ADABELIEF_CUDA_CALLS(X)                                                                                               \
  X(cuInit, (unsigned flags))                                                                                                 \
  X(cuDriverGetVersion, (int* version))                                                                                       \
  X(cuGetErrorName, (cu::Result result, const char** name))                                                                   \
  X(cuGetErrorString, (cu::Result result, const char** text))                                                                 \
  X(cuDeviceGetCount, (int* count))                                                                                           \
  X(cuDeviceGet, (cu::Device * device, int ordinal))                                                                          \
  X(cuDeviceGetName, (char* name, int length, cu::Device device))                                                             \
  X(cuDeviceTotalMem_v2, (std::size_t * bytes, cu::Device device))                                                            \
  X(cuDeviceGetAttribute, (int* value, int attribute, cu::Device device))                                                     \
  X(cuDevicePrimaryCtxRetain, (cu::Context * context, cu::Device device))                                                     \
  X(cuCtxPushCurrent_v2, (cu::Context context))                                                                               \
  X(cuCtxPopCurrent_v2, (cu::Context * context))                                                                              \
  X(cuCtxSynchronize, ())                                                                                                     \
  X(cuModuleLoadData, (cu::Module * module, const void* image))                                                               \
  X(cuModuleGetFunction, (cu::Function * function, cu::Module module, const char* name))                                      \
  X(cuMemAlloc_v2, (cu::Pointer * memory, std::size_t bytes))                                                                 \
  X(cuMemFree_v2, (cu::Pointer memory))                                                                                       \
  X(cuMemGetAddressRange_v2, (cu::Pointer * begin, std::size_t * bytes, cu::Pointer memory))                                  \
  X(cuPointerGetAttribute, (void* value, int attribute, cu::Pointer memory))                                                  \
  X(cuMemcpyHtoDAsync_v2, (cu::Pointer to, const void* from, std::size_t bytes, cu::Stream stream))                           \
  X(cuMemcpyDtoHAsync_v2, (void* to, cu::Pointer from, std::size_t bytes, cu::Stream stream))                                 \
  X(cuMemHostAlloc, (void** memory, std::size_t bytes, unsigned flags))                                                       \
  X(cuMemFreeHost, (void* memory))                                                                                            \
  X(cuMemsetD32Async, (cu::Pointer to, unsigned value, std::size_t count, cu::Stream stream))                                 \
  X(cuStreamGetCtx, (cu::Stream stream, cu::Context * context))                                                               \
  X(cuStreamIsCapturing, (cu::Stream stream, int* status))                                                                    \
  X(cuStreamSynchronize, (cu::Stream stream))                                                                                 \
  X(cuStreamWaitEvent, (cu::Stream stream, cu::Event event, unsigned flags))                                                  \
  X(cuEventCreate, (cu::Event * event, unsigned flags))                                                                       \
  X(cuEventRecord, (cu::Event event, cu::Stream stream))                                                                      \
  X(cuEventSynchronize, (cu::Event event))                                                                                    \
  X(cuEventDestroy_v2, (cu::Event event))                                                                                     \
  X(cuLaunchKernel, (cu::Function function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,              \
                     unsigned block_y, unsigned block_z, unsigned shared, cu::Stream stream, void** arguments, void** extra)) \
  X(cuIpcGetMemHandle, (cu::IpcHandle * handle, cu::Pointer memory))                                                          \
  X(cuIpcOpenMemHandle_v2, (cu::Pointer * memory, cu::IpcHandle handle, unsigned flags))                                      \
  X(cuIpcCloseMemHandle, (cu::Pointer memory))

/** The driver's functions, by name. */
struct Driver {
#define ADABELIEF_DECLARE(name, arguments) cu::Result(*name) arguments;
  ADABELIEF_CUDA_CALLS(ADABELIEF_DECLARE)
#undef ADABELIEF_DECLARE
  int version;       // 13000 is CUDA 13.0
  bool mock_driver;  // a library made for tests, which runs on the processor and needs no image of the kernels
};

/** What the process knows of its driver: null and why not, or the driver itself. */
struct DriverState {
  const Driver* driver;
  std::string reason;
};

/** Looks for the driver, once: `path` is that of another library than the system's; null or empty: the system's. Any thread may
 * ask. */
const DriverState& load_driver(const char* path);

/** The driver's own words for a result. */
std::string describe(const Driver& driver, cu::Result result);

}  // namespace adabelief
