#include "cuda_arrays.h"

#include <map>
#include <vector>

#include "../cpu/thread_pool.h"
#include "../cuda/array_work.h"
#include "../cuda/device.h"
#include "../table/row.h"
#include "cuda_memory.h"

namespace adabelief {

namespace {

cu::Stream stream_of(const Napi::Value& value) { return reinterpret_cast<cu::Stream>(handle_of(value)); }

const DeviceFloats& usable(const Napi::Value& value) {
  const DeviceFloats* memory = device_memory(value);
  if (!memory || memory->disposed()) throw Napi::TypeError::New(value.Env(), "no memory of a device");
  return *memory;
}

PlacedFloats placed(const Napi::Value& value) {
  if (value.IsTypedArray()) {
    auto array = value.As<Napi::Float32Array>();
    return {{array.Data(), array.ElementLength()}, host};
  }
  const DeviceFloats& memory = usable(value);
  return {{memory.data(), memory.length()}, memory.device()};
}

std::vector<PlacedFloats> list_of(const Napi::Value& value) {
  const auto list = value.As<Napi::Array>();
  std::vector<PlacedFloats> result;
  for (unsigned k = 0; k < list.Length(); ++k) {
    const Napi::HandleScope scope(value.Env());
    result.push_back(placed(list.Get(k)));
  }
  return result;
}

/** accumulate(into, sources, scale, pairs, stream): null, or the index of the first source that overlaps `into`; all must lie on
 * one device and be of one length */
Napi::Value accumulate(const Napi::CallbackInfo& info) {
  const DeviceFloats& into = usable(info[0]);
  float* const end = into.data() + into.length();
  std::vector<const float*> sources;
  for (const auto& [source, place] : list_of(info[1])) {
    if (place != into.device() || source.length != into.length()) {
      throw Napi::TypeError::New(info.Env(), "not an array of that length on that device");
    }
    if (source.data < end && into.data() < source.data + source.length) {
      return Napi::Number::New(info.Env(), static_cast<double>(sources.size()));
    }
    sources.push_back(source.data);
  }
  const SumOrder order = info[3].As<Napi::Boolean>() ? SumOrder::pairs : SumOrder::sequence;
  with_codes(info.Env(), [&] {
    accumulate_on_device(into.device(), into.data(), sources, info[2].As<Napi::Number>().FloatValue(), into.length(), order,
                         stream_of(info[4]));
  });
  return info.Env().Null();
}

/** norm(arrays, stream): the Euclidean norm of arrays in any places */
Napi::Value norm(const Napi::CallbackInfo& info) {
  const std::vector<PlacedFloats> arrays = list_of(info[0]);
  return Napi::Number::New(
      info.Env(), with_codes(info.Env(), [&] { return norm_across_places(arrays, pool_threads(), stream_of(info[1])); }));
}

/** scale(arrays, factor, stream), on any devices */
void scale(const Napi::CallbackInfo& info) {
  std::map<int, std::vector<Floats32>> on_device;
  for (const auto& [array, place] : list_of(info[0])) on_device[place].push_back(array);
  const float factor = info[1].As<Napi::Number>().FloatValue();
  bool launched = false;
  with_codes(info.Env(), [&] {
    for (const auto& [device, arrays] : on_device) {
      try {
        scale_on_device(device, arrays, factor, stream_of(info[2]));
      } catch (const EngineError& error) {
        if (!launched) throw;
        throw error.in_the_middle();
      }
      launched = true;
    }
  });
}

/** capturing(device, stream): whether what the stream is given is captured into a graph */
Napi::Value capturing(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), with_codes(info.Env(), [&] {
                              CudaDevice& device = CudaDevice::at(info[0].As<Napi::Number>().Int32Value());
                              const Current current(device);
                              return device.is_capturing(stream_of(info[1]));
                            }));
}

}  // namespace

void define_cuda_arrays(Napi::Env env, Napi::Object cuda) {
  cuda["accumulate"] = Napi::Function::New<accumulate>(env, "accumulate");
  cuda["capturing"] = Napi::Function::New<capturing>(env, "capturing");
  cuda["norm"] = Napi::Function::New<norm>(env, "norm");
  cuda["scale"] = Napi::Function::New<scale>(env, "scale");
}

}  // namespace adabelief
