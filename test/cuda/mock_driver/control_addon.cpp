// The control of the mock driver for tests in JavaScript; test/helpers/mock-driver.ts has the types.
#include <node_api.h>

#include "control.h"

namespace {

using namespace adabelief;

/** The arguments of a call, as JavaScript gave them: tests are trusted with their types. */
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info) : env_(env) {
    std::size_t count = most;
    napi_get_cb_info(env, info, &count, values_, nullptr, nullptr);
  }
  std::string text(int k) const {
    char buffer[64];
    std::size_t length = 0;
    napi_get_value_string_utf8(env_, values_[k], buffer, sizeof buffer, &length);
    return {buffer, length};
  }
  double number(int k, double fallback = 0) const {
    napi_get_value_double(env_, values_[k], &fallback);
    return fallback;
  }
  int whole(int k, int fallback = 0) const { return static_cast<int>(number(k, fallback)); }
  bool truth(int k) const {
    bool value = false;
    napi_get_value_bool(env_, values_[k], &value);
    return value;
  }
  cu::Pointer pointer(int k) const {
    cu::Pointer value = 0;
    bool lossless;
    napi_get_value_bigint_uint64(env_, values_[k], &value, &lossless);
    return value;
  }
  int property(int k, const char* name, int fallback) const {
    napi_value value;
    double number = fallback;
    if (napi_get_named_property(env_, values_[k], name, &value) == napi_ok) napi_get_value_double(env_, value, &number);
    return static_cast<int>(number);
  }

 private:
  static constexpr std::size_t most = 4;
  napi_env env_;
  napi_value values_[most];
};

napi_value number(napi_env env, double value) {
  napi_value result;
  napi_create_double(env, value, &result);
  return result;
}

napi_value truth(napi_env env, bool value) {
  napi_value result;
  napi_get_boolean(env, value, &result);
  return result;
}

napi_value address(napi_env env, std::uint64_t value) {
  napi_value result;
  napi_create_bigint_uint64(env, value, &result);
  return result;
}

/** fail(call, { after = 0, times = 1, result }) */
napi_value fail(napi_env env, napi_callback_info info) {
  const Arguments a(env, info);
  mock_driver::fail(a.text(0), a.property(1, "after", 0), a.property(1, "times", 1), a.property(1, "result", 0));
  return nullptr;
}

/** lose(result, device?) */
napi_value lose(napi_env env, napi_callback_info info) {
  const Arguments a(env, info);
  mock_driver::lose(a.whole(0), a.whole(1, -1));
  return nullptr;
}

/** reset() */
napi_value reset(napi_env, napi_callback_info) {
  mock_driver::reset();
  return nullptr;
}

/** counts(): { [call]: number } */
napi_value counts(napi_env env, napi_callback_info) {
  napi_value result;
  napi_create_object(env, &result);
  for (const auto& [call, count] : mock_driver::counts()) napi_set_named_property(env, result, call.c_str(), number(env, count));
  return result;
}

/** live(): { allocations, bytes, opened, events, modules, contextDepth } */
napi_value live(napi_env env, napi_callback_info) {
  const mock_driver::Live live = mock_driver::live();
  napi_value result;
  napi_create_object(env, &result);
  const auto set = [&](const char* name, double value) { napi_set_named_property(env, result, name, number(env, value)); };
  set("allocations", live.allocations);
  set("bytes", static_cast<double>(live.bytes));
  set("opened", live.opened);
  set("events", live.events);
  set("modules", live.modules);
  set("pinned", live.pinned);
  set("contextDepth", live.context_depth);
  return result;
}

/** devices(count) */
napi_value devices(napi_env env, napi_callback_info info) {
  mock_driver::set_devices(Arguments(env, info).whole(0));
  return nullptr;
}

/** driverVersion(version) */
napi_value driver_version(napi_env env, napi_callback_info info) {
  mock_driver::set_driver_version(Arguments(env, info).whole(0));
  return nullptr;
}

/** computeCapability(device, capability) */
napi_value compute_capability(napi_env env, napi_callback_info info) {
  const Arguments a(env, info);
  mock_driver::set_compute_capability(a.whole(0), a.whole(1));
  return nullptr;
}

/** backwards(boolean) */
napi_value backwards(napi_env env, napi_callback_info info) {
  mock_driver::set_backwards(Arguments(env, info).truth(0));
  return nullptr;
}

/** ipcWithinProcess(boolean) */
napi_value ipc_within_process(napi_env env, napi_callback_info info) {
  mock_driver::set_ipc_within_process(Arguments(env, info).truth(0));
  return nullptr;
}

/** allocate(device, bytes): bigint, 0n where there is none */
napi_value allocate(napi_env env, napi_callback_info info) {
  const Arguments a(env, info);
  return address(env, mock_driver::allocate(a.whole(0), static_cast<std::size_t>(a.number(1))));
}

/** free(pointer): boolean */
napi_value free(napi_env env, napi_callback_info info) { return truth(env, mock_driver::free(Arguments(env, info).pointer(0))); }

/** makeStream(device): bigint, 0n where there is no such device */
napi_value make_stream(napi_env env, napi_callback_info info) {
  return address(env, reinterpret_cast<std::uintptr_t>(mock_driver::make_stream(Arguments(env, info).whole(0))));
}

/** pushContext(device): boolean */
napi_value push_context(napi_env env, napi_callback_info info) {
  return truth(env, mock_driver::push_context(Arguments(env, info).whole(0)));
}

/** popContext(): boolean */
napi_value pop_context(napi_env env, napi_callback_info) { return truth(env, mock_driver::pop_context()); }

/** currentDevice(): number, −1 where no context is current */
napi_value current_device(napi_env env, napi_callback_info) { return number(env, mock_driver::current_device()); }

}  // namespace

NAPI_MODULE_INIT() {
  const auto add = [&](const char* name, napi_callback function) {
    napi_value value;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &value);
    napi_set_named_property(env, exports, name, value);
  };
  add("fail", fail);
  add("lose", lose);
  add("reset", reset);
  add("counts", counts);
  add("live", live);
  add("devices", devices);
  add("driverVersion", driver_version);
  add("computeCapability", compute_capability);
  add("backwards", backwards);
  add("ipcWithinProcess", ipc_within_process);
  add("allocate", allocate);
  add("free", free);
  add("makeStream", make_stream);
  add("pushContext", push_context);
  add("popContext", pop_context);
  add("currentDevice", current_device);
  return exports;
}
