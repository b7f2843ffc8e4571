// Memory on a device, for JavaScript: an opaque object that owns a share of it.
#pragma once

#include <napi.h>

#include <cstdint>

#include "../cuda/memory.h"
#include "floats.h"

namespace adabelief {

/** The address of floats on a device, out of an object that `cuda.allocate` and its like made. */
Floats device_floats(const Napi::Value& value, std::size_t wanted, int device);

/** The memory of an object made here, or null for anything else. */
DeviceFloats* device_memory(const Napi::Value& value);

/** What JavaScript throws, with its code. */
Napi::Error coded(Napi::Env env, EngineError::Kind kind, const std::string& message);

/** Calls, and gives the errors of devices their codes. */
template <class Call>
auto with_codes(Napi::Env env, const Call& call) {
  try {
    return call();
  } catch (const EngineError& error) {
    throw coded(env, error.kind, error.what());
  }
}

/** A bigint as a handle. */
std::uint64_t handle_of(const Napi::Value& value);

/** The exported functions: see CudaAddon in lib/native/addon.ts. */
Napi::Object define_cuda(Napi::Env env);

}  // namespace adabelief
