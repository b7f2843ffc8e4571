// The only place that looks inside a typed array. Memory on a device: cuda_memory.h.
#pragma once

#include <napi.h>

#include <cstddef>

namespace adabelief {

/** Why an array cannot be used. */
enum class Problem { none, not_float32, detached, other_length, not_device, other_device, disposed };

/** The name by which JavaScript knows a problem. */
inline const char* name_of(Problem problem) {
  switch (problem) {
    case Problem::not_float32: return "not_float32";
    case Problem::detached: return "detached";
    case Problem::other_length: return "other_length";
    case Problem::not_device: return "not_device";
    case Problem::other_device: return "other_device";
    case Problem::disposed: return "disposed";
    default: return "none";
  }
}

struct Floats {
  Problem problem;
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
    return {Problem::not_float32, nullptr};
  }
  bool detached = false;
  if (length == 0 && napi_is_detached_arraybuffer(env, buffer, &detached) == napi_ok && detached) {
    return {wanted == 0 ? Problem::none : Problem::detached, nullptr};
  }
  return {length == wanted ? Problem::none : Problem::other_length, static_cast<float*>(data)};
}

}  // namespace adabelief
