// The one place that looks inside a typed array.
#pragma once

#include <napi.h>

#include <cstddef>

namespace adabelief {

/** Why an array cannot be used; lib/native.ts has the same list, in the same order. */
enum class Memory : int { fine, not_float32, detached, other_length };

struct Floats {
  Memory memory;
  float* data;
  std::size_t length;
};

/** The floats of any Float32Array: of any realm, over an ArrayBuffer, a SharedArrayBuffer or WebAssembly memory. */
inline Floats floats(const Napi::Value& value) {
  napi_env env = value.Env();
  bool typed = false;
  if (napi_is_typedarray(env, value, &typed) != napi_ok || !typed) return {Memory::not_float32, nullptr, 0};
  napi_typedarray_type type;
  std::size_t length, offset;
  void* data;
  napi_value buffer;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, &buffer, &offset) != napi_ok || type != napi_float32_array) {
    return {Memory::not_float32, nullptr, 0};
  }
  bool detached = false;
  if (length == 0 && napi_is_detached_arraybuffer(env, buffer, &detached) == napi_ok && detached) {
    return {Memory::detached, nullptr, 0};
  }
  return {Memory::fine, static_cast<float*>(data), length};
}

/** The same, of a required length. */
inline Floats floats(const Napi::Value& value, std::size_t length) {
  Floats result = floats(value);
  if (result.memory == Memory::fine && result.length != length) result.memory = Memory::other_length;
  return result;
}

}  // namespace adabelief
