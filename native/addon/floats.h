// The only place that looks inside a typed array. Memory on a device: cuda_memory.h.
#pragma once

#include <napi.h>

#include <cstddef>

#include "../core/element_type.h"
#include "../core/problem.h"

namespace adabelief {

struct Floats {
  Problem problem;
  float* data;
};

/** The floats of any Float32Array of this length: of any realm, over an ArrayBuffer, a SharedArrayBuffer or WebAssembly memory.
 * Of another type than float32, the elements of a Uint16Array. */
inline Floats floats(const Napi::Value& value, std::size_t wanted, ElementType element_type = ElementType::float32) {
  napi_env env = value.Env();
  napi_typedarray_type type;
  std::size_t length, offset;
  void* data;
  napi_value buffer;
  const napi_typedarray_type wanted_type = element_type == ElementType::float32 ? napi_float32_array : napi_uint16_array;
  // The call fails where the value is not a typed array.
  if (napi_get_typedarray_info(env, value, &type, &length, &data, &buffer, &offset) != napi_ok || type != wanted_type) {
    return {Problem::not_float32, nullptr};
  }
  bool detached = false;
  if (length == 0 && napi_is_detached_arraybuffer(env, buffer, &detached) == napi_ok && detached) {
    return {wanted == 0 ? Problem::none : Problem::detached, nullptr};
  }
  return {length == wanted ? Problem::none : Problem::other_length, static_cast<float*>(data)};
}

}  // namespace adabelief
