#include "driver.h"

#include "../platform/library.h"

namespace adabelief {

namespace {

#if defined(_WIN32)
constexpr const char* system_driver = "nvcuda.dll";
#else
constexpr const char* system_driver = "libcuda.so.1";
#endif

/** The oldest driver that knows every call (cuIpcOpenMemHandle_v2 came with CUDA 11.0), and the PTX that is there for those below
 * the toolkit's own. */
constexpr int oldest = 11000;

std::string version_text(int version) { return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10); }

DriverState refuse(std::string reason) { return {nullptr, std::move(reason)}; }

DriverState find(const char* path) {
  const bool named = path && *path;
  const char* name = named ? path : system_driver;
  std::string why;
  void* library = open_library(name, why);
  if (!library) return refuse("no NVIDIA driver was found: " + why);
  static Driver driver;
  const char* missing = nullptr;
#define ADABELIEF_FIND(call, arguments)                                               \
  driver.call = reinterpret_cast<decltype(driver.call)>(find_symbol(library, #call)); \
  if (!driver.call && !missing) missing = #call;
  ADABELIEF_CUDA_CALLS(ADABELIEF_FIND)
#undef ADABELIEF_FIND
  driver.mock_driver = find_symbol(library, "adabelief_mock_driver") != nullptr;

  if (!driver.cuDriverGetVersion) return refuse(std::string(name) + " is no NVIDIA driver: it has no cuDriverGetVersion");
  const cu::Result unversioned = driver.cuDriverGetVersion(&driver.version);
  if (!unversioned && driver.version < oldest) {
    return refuse("the NVIDIA driver is too old: it is made for CUDA " + version_text(driver.version) + ", and " +
                  version_text(oldest) + " is needed");
  }
  if (missing) return refuse(std::string("the NVIDIA driver lacks ") + missing);
  if (unversioned) return refuse(describe(driver, unversioned));
  if (const cu::Result result = driver.cuInit(0)) {
    if (result == cu::result::no_device) return refuse("there is a driver, but no CUDA device");
    return refuse("the NVIDIA driver does not start: " + describe(driver, result));
  }
  return {&driver, ""};
}

}  // namespace

const DriverState& load_driver(const char* path) {
  static const DriverState state = find(path);
  return state;
}

std::string describe(const Driver& driver, cu::Result result) {
  const char *name = nullptr, *text = nullptr;
  driver.cuGetErrorName(result, &name);
  driver.cuGetErrorString(result, &text);
  return std::string(name ? name : "CUDA error " + std::to_string(result)) + (text ? std::string(" (") + text + ")" : "");
}

}  // namespace adabelief
