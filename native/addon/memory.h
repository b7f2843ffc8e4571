// The one place that looks inside a typed array. Memory on a device: cuda_memory.h.
#pragma once

#include <napi.h>

#include <cstddef>

namespace adabelief {

/** Why an array cannot be used; lib/native.ts has the same list, in the same order. */
enum class Memory : int { fine, not_float32, detached, other_length, not_device, other_device, disposed };

struct Floats {
  Memory memory;
  float* data;
};

/** The floats of any Float32Array of this length: of any realm, over an ArrayBuffer, a SharedArrayBuffer or WebAssembly memory.
 */
inline Floats floats(const Napi::Value& value, std::size_t wanted) {
  napi_env env = value.Env();
  napi_typedarray_type type;
  std::size_t length, offset;
  void* data;
  napi_value buffer;
  // This also fails for what is no typed array.
  if (napi_get_typedarray_info(env, value, &type, &length, &data, &buffer, &offset) != napi_ok || type != napi_float32_array) {
    return {Memory::not_float32, nullptr};
  }
  bool detached = false;
  if (length == 0 && napi_is_detached_arraybuffer(env, buffer, &detached) == napi_ok && detached) {
    return {wanted == 0 ? Memory::fine : Memory::detached, nullptr};
  }
  return {length == wanted ? Memory::fine : Memory::other_length, static_cast<float*>(data)};
}

}  // namespace adabelief
