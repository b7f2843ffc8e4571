#include "cuda_memory.h"

#include <cstring>
#include <memory>
#include <string>

#include "async_work.h"

namespace adabelief {

namespace {

using Share = std::shared_ptr<DeviceFloats>;

/** Marks the objects made here: what is unwrapped is never anything else. */
constexpr napi_type_tag tag{0x6d6f9a6c2d4b4c11, 0x9f3e8a5170c2be47};

Share* share_of(const Napi::Value& value) {
  napi_env env = value.Env();
  bool ours = false;
  void* share = nullptr;
  if (!value.IsObject() || napi_check_object_type_tag(env, value, &tag, &ours) != napi_ok || !ours) return nullptr;
  if (napi_unwrap(env, value, &share) != napi_ok) return nullptr;
  return static_cast<Share*>(share);
}

/** An object that owns a share. The collector is told how much memory hangs on it. */
Napi::Value wrap_share(Napi::Env env, Share floats) {
  const auto bytes = floats->owned() ? static_cast<int64_t>(floats->bytes()) : 0;
  auto* share = new Share(std::move(floats));
  Napi::Object object = Napi::Object::New(env);
  const auto release = [](napi_env finalizing, void* data, void*) {
    auto* owned = static_cast<Share*>(data);
    const Share& memory = *owned;
    if (memory->owned() && !memory->disposed()) {
      int64_t now = 0;
      napi_adjust_external_memory(finalizing, -static_cast<int64_t>(memory->bytes()), &now);
    }
    delete owned;
  };
  if (napi_wrap(env, object, share, release, nullptr, nullptr) != napi_ok) {
    delete share;
    throw Napi::Error::New(env, "out of memory");
  }
  napi_type_tag_object(env, object, &tag);
  Napi::MemoryManagement::AdjustExternalMemory(env, bytes);
  return object;
}

DeviceFloats& required(const Napi::Value& value) {
  const Share* share = share_of(value);
  if (!share) throw Napi::TypeError::New(value.Env(), "not memory of a device");
  return **share;
}

int device_number(const Napi::Value& value) { return value.As<Napi::Number>().Int32Value(); }
std::size_t length_of(const Napi::Value& value) { return static_cast<std::size_t>(value.As<Napi::Number>().Int64Value()); }
cu::Stream stream_of(const Napi::Value& value) { return reinterpret_cast<cu::Stream>(handle_of(value)); }

/** A Float32Array that is as long as the memory. */
float* host_floats(const Napi::Value& value, const DeviceFloats& memory) {
  const Floats floats = adabelief::floats(value, memory.length());
  if (floats.problem != Problem::none) throw Napi::TypeError::New(value.Env(), "not a Float32Array of that length");
  return floats.data;
}

Napi::Value load(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string path = info[0].As<Napi::String>();
  const CudaDescription& description = describe_cuda(path.c_str());
  Napi::Object result = Napi::Object::New(env);
  result["available"] = description.reason.empty();
  result["reason"] = description.reason;
  result["driverVersion"] = description.driver_version;
  result["standIn"] = description.mock_driver;
  Napi::Array devices = Napi::Array::New(env);
  for (const DeviceDescription& device : description.devices) {
    Napi::Object one = Napi::Object::New(env);
    one["name"] = device.name;
    one["memory"] = static_cast<double>(device.memory);
    one["computeCapability"] = std::to_string(device.major) + "." + std::to_string(device.minor);
    devices.Set(devices.Length(), one);
  }
  result["devices"] = devices;
  return result;
}

Napi::Value allocate(const Napi::CallbackInfo& info) {
  return wrap_share(info.Env(), DeviceFloats::allocate(device_number(info[0]), length_of(info[1]), stream_of(info[2])));
}

Napi::Value wrap(const Napi::CallbackInfo& info) {
  return wrap_share(info.Env(), DeviceFloats::wrap(device_number(info[2]), handle_of(info[0]), length_of(info[1])));
}

Napi::Value open_ipc(const Napi::CallbackInfo& info) {
  const auto bytes = info[0].As<Napi::Uint8Array>();
  cu::IpcHandle handle{};
  if (bytes.ByteLength() != sizeof handle.bytes) throw Napi::RangeError::New(info.Env(), "not a handle of 64 bytes");
  std::memcpy(handle.bytes, bytes.Data(), sizeof handle.bytes);
  return wrap_share(info.Env(), DeviceFloats::open(device_number(info[3]), handle, length_of(info[1]), length_of(info[2])));
}

Napi::Value ipc_handle(const Napi::CallbackInfo& info) {
  std::size_t offset = 0;
  const cu::IpcHandle handle = required(info[0]).share(offset);
  auto bytes = Napi::Uint8Array::New(info.Env(), sizeof handle.bytes);
  std::memcpy(bytes.Data(), handle.bytes, sizeof handle.bytes);
  Napi::Object result = Napi::Object::New(info.Env());
  result["handle"] = bytes;
  result["offset"] = static_cast<double>(offset);
  return result;
}

Napi::Value pointer(const Napi::CallbackInfo& info) {
  return Napi::BigInt::New(info.Env(), static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(required(info[0]).data())));
}

Napi::Value read(const Napi::CallbackInfo& info) {
  const DeviceFloats& memory = required(info[0]);
  memory.read(host_floats(info[1], memory), stream_of(info[2]));
  return info.Env().Undefined();
}

Napi::Value write(const Napi::CallbackInfo& info) {
  DeviceFloats& memory = required(info[0]);
  memory.write(host_floats(info[1], memory), stream_of(info[2]));
  return info.Env().Undefined();
}

Napi::Value fill(const Napi::CallbackInfo& info) {
  required(info[0]).fill(info[1].As<Napi::Number>().FloatValue(), stream_of(info[2]));
  return info.Env().Undefined();
}

Napi::Value free_memory(const Napi::CallbackInfo& info) {
  DeviceFloats& memory = required(info[0]);
  if (memory.disposed()) return info.Env().Undefined();
  const bool owned = memory.owned();
  try {
    memory.free();
  } catch (const EngineError& error) {
    if (error.kind != EngineError::Kind::lost) throw;  // with a lost device its memory is gone as well
  }
  if (owned) Napi::MemoryManagement::AdjustExternalMemory(info.Env(), -static_cast<int64_t>(memory.bytes()));
  return info.Env().Undefined();
}

/** Reads on a thread of libuv's pool. Keeps memory and array alive. */
class AsyncRead : public AsyncWork {
 public:
  AsyncRead(Napi::Env env, Share memory, const Napi::Value& into, cu::Stream stream)
      : AsyncWork(env, "adabelief.readAsync"),
        memory_(std::move(memory)),
        into_(Napi::Persistent(into.As<Napi::Object>())),
        to_(host_floats(into, *memory_)),
        stream_(stream),
        deferred_(env) {}

  Napi::Value promise() const { return deferred_.Promise(); }

 protected:
  void work() override {
    try {
      memory_->read(to_, stream_);
    } catch (const EngineError& error) {
      kind_ = error.kind;
      SetError(error.what());
    }
  }
  void OnOK() override { deferred_.Resolve(Env().Undefined()); }
  void OnError(const Napi::Error& error) override { deferred_.Reject(coded(Env(), kind_, error.Message()).Value()); }

 private:
  Share memory_;
  Napi::ObjectReference into_;
  float* to_;
  cu::Stream stream_;
  Napi::Promise::Deferred deferred_;
  EngineError::Kind kind_ = EngineError::Kind::refused;
};

Napi::Value read_async(const Napi::CallbackInfo& info) {
  required(info[0]);
  auto* worker = new AsyncRead(info.Env(), *share_of(info[0]), info[1], stream_of(info[2]));
  const Napi::Value promise = worker->promise();
  worker->Queue();
  return promise;
}

template <Napi::Value (*call)(const Napi::CallbackInfo&)>
Napi::Value guarded(const Napi::CallbackInfo& info) {
  return with_codes(info.Env(), [&] { return call(info); });
}

}  // namespace

std::uint64_t handle_of(const Napi::Value& value) {
  bool lossless = false;
  return value.As<Napi::BigInt>().Uint64Value(&lossless);
}

DeviceFloats* device_memory(const Napi::Value& value) {
  const Share* share = share_of(value);
  return share ? share->get() : nullptr;
}

Floats device_floats(const Napi::Value& value, std::size_t wanted, int device) {
  const DeviceFloats* memory = device_memory(value);
  if (!memory) return {Problem::not_device, nullptr};
  if (memory->disposed()) return {Problem::disposed, nullptr};
  if (memory->device() != device) return {Problem::other_device, nullptr};
  return {memory->length() == wanted ? Problem::none : Problem::other_length, memory->data()};
}

Napi::Object define_cuda(Napi::Env env) {
  Napi::Object cuda = Napi::Object::New(env);
  cuda["brandErrors"] = Napi::Function::New<brand_errors>(env, "brandErrors");
  cuda["load"] = Napi::Function::New<load>(env, "load");
  cuda["allocate"] = Napi::Function::New<guarded<allocate>>(env, "allocate");
  cuda["wrap"] = Napi::Function::New<guarded<wrap>>(env, "wrap");
  cuda["openIpc"] = Napi::Function::New<guarded<open_ipc>>(env, "openIpc");
  cuda["ipcHandle"] = Napi::Function::New<guarded<ipc_handle>>(env, "ipcHandle");
  cuda["pointer"] = Napi::Function::New<guarded<pointer>>(env, "pointer");
  cuda["read"] = Napi::Function::New<guarded<read>>(env, "read");
  cuda["readAsync"] = Napi::Function::New<guarded<read_async>>(env, "readAsync");
  cuda["write"] = Napi::Function::New<guarded<write>>(env, "write");
  cuda["fill"] = Napi::Function::New<guarded<fill>>(env, "fill");
  cuda["free"] = Napi::Function::New<guarded<free_memory>>(env, "free");
  return cuda;
}

}  // namespace adabelief
