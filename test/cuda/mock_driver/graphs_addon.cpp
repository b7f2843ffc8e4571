// What a program that uses CUDA does beside this package: streams, captures and graphs, by the calls of any driver, the mock's or
// NVIDIA's. test/helpers/graphs.ts has the types.
#include <dlfcn.h>
#include <node_api.h>

#include <cstdint>
#include <string>

namespace {

using Handle = void*;

/** The driver's calls, found at `open`. */
struct Driver {
  int (*cuInit)(unsigned);
  int (*cuDevicePrimaryCtxRetain)(Handle*, int);
  int (*cuCtxPushCurrent_v2)(Handle);
  int (*cuCtxPopCurrent_v2)(Handle*);
  int (*cuCtxSynchronize)();
  int (*cuStreamCreate)(Handle*, unsigned);
  int (*cuStreamBeginCapture_v2)(Handle, int);
  int (*cuStreamEndCapture)(Handle, Handle*);
  int (*cuGraphInstantiateWithFlags)(Handle*, Handle, unsigned long long);
  int (*cuGraphLaunch)(Handle, Handle);
  int (*cuGraphDestroy)(Handle);
  int (*cuGraphExecDestroy)(Handle);
};

Driver driver;
Handle context = nullptr;

/** Arguments are trusted with their types. */
Handle handle(napi_env env, napi_value value) {
  std::uint64_t number = 0;
  bool lossless;
  napi_get_value_bigint_uint64(env, value, &number, &lossless);
  return reinterpret_cast<Handle>(static_cast<std::uintptr_t>(number));
}

napi_value of(napi_env env, Handle handle) {
  napi_value result;
  napi_create_bigint_uint64(env, reinterpret_cast<std::uintptr_t>(handle), &result);
  return result;
}

struct Arguments {
  Arguments(napi_env env, napi_callback_info info) {
    std::size_t count = 2;
    napi_get_cb_info(env, info, &count, values, nullptr, nullptr);
  }
  napi_value values[2];
};

/** Calls with the device's context current. Throws the number of the driver's error. */
template <class Call>
bool call(napi_env env, const char* name, const Call& act) {
  Handle popped;
  driver.cuCtxPushCurrent_v2(context);
  const int result = act();
  driver.cuCtxPopCurrent_v2(&popped);
  if (result == 0) return true;
  napi_throw_error(env, std::to_string(result).c_str(), (std::string(name) + ": error " + std::to_string(result)).c_str());
  return false;
}

/** open(path): loads the driver, and retains the context of its first device */
napi_value open(napi_env env, napi_callback_info info) {
  char path[1024];
  std::size_t length = 0;
  napi_get_value_string_utf8(env, Arguments(env, info).values[0], path, sizeof path, &length);
  void* library = dlopen(path, RTLD_NOW);
  bool whole = library != nullptr;
  const auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(library ? dlsym(library, name) : nullptr);
    whole = whole && function;
  };
#define FIND(name) find(driver.name, #name)
  FIND(cuInit);
  FIND(cuDevicePrimaryCtxRetain);
  FIND(cuCtxPushCurrent_v2);
  FIND(cuCtxPopCurrent_v2);
  FIND(cuCtxSynchronize);
  FIND(cuStreamCreate);
  FIND(cuStreamBeginCapture_v2);
  FIND(cuStreamEndCapture);
  FIND(cuGraphInstantiateWithFlags);
  FIND(cuGraphLaunch);
  FIND(cuGraphDestroy);
  FIND(cuGraphExecDestroy);
#undef FIND
  if (!whole || driver.cuInit(0) != 0 || driver.cuDevicePrimaryCtxRetain(&context, 0) != 0) {
    napi_throw_error(env, nullptr, "this driver cannot capture graphs");
  }
  return nullptr;
}

/** makeStream(nonBlocking): bigint */
napi_value make_stream(napi_env env, napi_callback_info info) {
  bool non_blocking = false;
  napi_get_value_bool(env, Arguments(env, info).values[0], &non_blocking);
  Handle stream = nullptr;
  call(env, "cuStreamCreate", [&] { return driver.cuStreamCreate(&stream, non_blocking ? 1 : 0); });
  return of(env, stream);
}

/** begin(stream): captures what the stream is given from now on */
napi_value begin(napi_env env, napi_callback_info info) {
  const Handle stream = handle(env, Arguments(env, info).values[0]);
  call(env, "cuStreamBeginCapture", [&] { return driver.cuStreamBeginCapture_v2(stream, 0); });
  return nullptr;
}

/** end(stream): a graph of it, ready to be launched */
napi_value end(napi_env env, napi_callback_info info) {
  const Handle stream = handle(env, Arguments(env, info).values[0]);
  Handle graph = nullptr, executable = nullptr;
  if (!call(env, "cuStreamEndCapture", [&] { return driver.cuStreamEndCapture(stream, &graph); })) return nullptr;
  call(env, "cuGraphInstantiate", [&] { return driver.cuGraphInstantiateWithFlags(&executable, graph, 0); });
  driver.cuGraphDestroy(graph);
  return of(env, executable);
}

/** launch(graph, stream) */
napi_value launch(napi_env env, napi_callback_info info) {
  const Arguments a(env, info);
  const Handle graph = handle(env, a.values[0]), stream = handle(env, a.values[1]);
  call(env, "cuGraphLaunch", [&] { return driver.cuGraphLaunch(graph, stream); });
  return nullptr;
}

/** destroy(graph) */
napi_value destroy(napi_env env, napi_callback_info info) {
  const Handle graph = handle(env, Arguments(env, info).values[0]);
  call(env, "cuGraphExecDestroy", [&] { return driver.cuGraphExecDestroy(graph); });
  return nullptr;
}

}  // namespace

NAPI_MODULE_INIT() {
  const auto add = [&](const char* name, napi_callback function) {
    napi_value value;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &value);
    napi_set_named_property(env, exports, name, value);
  };
  add("open", open);
  add("makeStream", make_stream);
  add("begin", begin);
  add("end", end);
  add("launch", launch);
  add("destroy", destroy);
  return exports;
}
