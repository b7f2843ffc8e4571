#include "processor.h"

#include <memory>
#include <string>

#include "../core/aligned_buffer.h"
#include "../core/lease.h"
#include "../cpu/backend.h"
#include "../cpu/first_touch.h"
#include "../cpu/thread_pool.h"
#include "floats.h"

namespace adabelief {

namespace {

/** backends(): [{ name, supported }], best first */
Napi::Value list_backends(const Napi::CallbackInfo& info) {
  const BackendList list = backends();
  Napi::Array result = Napi::Array::New(info.Env(), static_cast<std::size_t>(list.count));
  for (int i = 0; i < list.count; ++i) {
    Napi::Object backend = Napi::Object::New(info.Env());
    backend["name"] = list.begin[i].name;
    backend["supported"] = list.begin[i].supported();
    result.Set(static_cast<unsigned>(i), backend);
  }
  return result;
}

/** backend(): the name of the one in use */
Napi::Value name_backend(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), current_backend().name); }

/** lastRan(): the name of the one whose loop ran last in this process */
Napi::Value name_last_ran(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), last_ran()); }

BackendChoice choose_backend(const std::string& name, bool by_default) {
  if (!by_default && leases() > 0) return BackendChoice::busy;
  return by_default ? use_backend_by_default(name.c_str()) : use_backend(name.c_str());
}

/** useBackend(name, byDefault): chosen; or unknown, unsupported by this processor, or busy while a step runs */
Napi::Value set_backend(const Napi::CallbackInfo& info) {
  const BackendChoice choice = choose_backend(info[0].As<Napi::String>(), info[1].As<Napi::Boolean>());
  return Napi::Number::New(info.Env(), static_cast<int>(choice));
}

/** threads(): how many a step may use */
Napi::Value count_threads(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), pool_threads()); }

/** setThreads(count, byDefault): false while a step runs */
Napi::Value choose_threads(const Napi::CallbackInfo& info) {
  const int threads = info[0].As<Napi::Number>().Int32Value();
  const bool by_default = info[1].As<Napi::Boolean>();
  if (!by_default && leases() > 0) return Napi::Boolean::New(info.Env(), false);
  by_default ? set_pool_threads_by_default(threads) : set_pool_threads(threads);
  return Napi::Boolean::New(info.Env(), true);
}

/** Where halves begin in a cache line that reach the next line together with floats which begin at `phase`. */
std::size_t phase_of_halves(std::size_t phase) { return phase == 0 ? 0 : (phase + cache_line) / 2; }

/** allocate(length, like?): a Float32Array of zeros in fast memory, at the place within a cache line that `like` has, or at its
 *  beginning; null where that cannot be had. allocateHalves: a Uint16Array that reaches the next cache line together with `like`.
 */
template <ElementType type>
Napi::Value allocate(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto length = static_cast<std::size_t>(info[0].As<Napi::Number>().Int64Value());
  std::size_t phase = 0;
  if (info[1].IsTypedArray()) phase = reinterpret_cast<std::uintptr_t>(floats(info[1], length).data) % cache_line;
  if (type != ElementType::float32) phase = phase_of_halves(phase);
  const auto buffer = AlignedBuffer::allocate(length * size_of(type), phase, touch_on_pool);
  if (!buffer) return env.Null();
  auto* share = new std::shared_ptr<AlignedBuffer>(buffer);
  napi_value array_buffer;
  const napi_status status = napi_create_external_arraybuffer(
      env, buffer->data(), buffer->bytes(),
      [](napi_env, void*, void* hint) { delete static_cast<std::shared_ptr<AlignedBuffer>*>(hint); }, share, &array_buffer);
  if (status != napi_ok) {  // Electron keeps all buffers inside its sandbox
    delete share;
    return env.Null();
  }
  const Napi::ArrayBuffer memory(env, array_buffer);
  if (type == ElementType::float32) return Napi::Float32Array::New(env, length, memory, 0);
  return Napi::Uint16Array::New(env, length, memory, 0);
}

}  // namespace

void define_processor(Napi::Env env, Napi::Object exports) {
  exports["backends"] = Napi::Function::New<list_backends>(env, "backends");
  exports["backend"] = Napi::Function::New<name_backend>(env, "backend");
  exports["lastRan"] = Napi::Function::New<name_last_ran>(env, "lastRan");
  exports["useBackend"] = Napi::Function::New<set_backend>(env, "useBackend");
  exports["threads"] = Napi::Function::New<count_threads>(env, "threads");
  exports["setThreads"] = Napi::Function::New<choose_threads>(env, "setThreads");
  exports["maxThreads"] = max_threads;
  exports["allocate"] = Napi::Function::New<allocate<ElementType::float32>>(env, "allocate");
  exports["allocateHalves"] = Napi::Function::New<allocate<ElementType::bfloat16>>(env, "allocateHalves");
}

}  // namespace adabelief
