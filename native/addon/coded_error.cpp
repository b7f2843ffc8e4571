#include "coded_error.h"

namespace adabelief {

namespace {

/** What every environment has of its own. A reference to an array, because one to a symbol is not allowed. */
struct Instance {
  Napi::ObjectReference brands;
};

void brand(Napi::Env env, Napi::Object error) {
  const Instance* instance = env.GetInstanceData<Instance>();
  if (!instance) return;
  const Napi::Value symbol = instance->brands.Value().Get(0u);
  error.DefineProperty(Napi::PropertyDescriptor::Value(symbol.As<Napi::Name>(), Napi::Boolean::New(env, true)));
}

}  // namespace

void brand_errors(const Napi::CallbackInfo& info) {
  Napi::Array brands = Napi::Array::New(info.Env(), 1);
  brands.Set(0u, info[0]);
  info.Env().SetInstanceData(new Instance{Napi::Persistent(brands.As<Napi::Object>())});
}

Napi::Error coded(Napi::Env env, EngineError::Kind kind, const std::string& message) {
  const auto make = [&](const char* code, auto error) -> Napi::Error {
    error.Set("code", Napi::String::New(env, code));
    brand(env, error.Value().template As<Napi::Object>());
    return error;
  };
  switch (kind) {
    case EngineError::Kind::memory: return make("ERR_OUT_OF_MEMORY", Napi::RangeError::New(env, message));
    case EngineError::Kind::device: return make("ERR_CUDA_DEVICE", Napi::RangeError::New(env, message));
    case EngineError::Kind::pointer: return make("ERR_CUDA_POINTER", Napi::RangeError::New(env, message));
    case EngineError::Kind::stream: return make("ERR_CUDA_STREAM", Napi::RangeError::New(env, message));
    case EngineError::Kind::capture: return make("ERR_CUDA_CAPTURE", Napi::Error::New(env, message));
    case EngineError::Kind::unavailable: return make("ERR_CUDA_UNAVAILABLE", Napi::Error::New(env, message));
    case EngineError::Kind::lost: return make("ERR_CUDA_LOST", Napi::Error::New(env, message));
    case EngineError::Kind::disposed: return make("ERR_DISPOSED", Napi::Error::New(env, message));
    default: return make("ERR_CUDA", Napi::Error::New(env, message));
  }
}

}  // namespace adabelief
