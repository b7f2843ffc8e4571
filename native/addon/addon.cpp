// What the addon exports: the Table, the backends, and the shape of the formulas. lib/native.ts has the types.
#include <napi.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "../cpu/accumulate.h"
#include "../cpu/backend.h"
#include "../cpu/block.h"
#include "../cpu/lease.h"
#include "../cpu/norm.h"
#include "../cpu/team.h"
#include "cuda_memory.h"
#include "memory.h"
#include "table_object.h"

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

/** useBackend(name, byDefault): 0 chosen, 1 unknown, 2 not supported by this processor, 3 a step is under way */
Napi::Value choose_backend(const Napi::CallbackInfo& info) {
  const std::string name = info[0].As<Napi::String>();
  const bool by_default = info[1].As<Napi::Boolean>();
  if (!by_default && leases() > 0) return Napi::Number::New(info.Env(), 3);
  const Chosen chosen = by_default ? use_backend_by_default(name.c_str()) : use_backend(name.c_str());
  return Napi::Number::New(info.Env(), static_cast<int>(chosen));
}

/** allocate(length, like?): a Float32Array of zeros in fast memory, at the place within a cache line that `like` has, or at its
 *  beginning; null where that cannot be had */
Napi::Value allocate(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto length = static_cast<std::size_t>(info[0].As<Napi::Number>().Int64Value());
  std::size_t phase = 0;
  if (info[1].IsTypedArray()) phase = reinterpret_cast<std::uintptr_t>(floats(info[1], length).data) % cache_line;
  std::shared_ptr<Block> block = Block::allocate(length * sizeof(float), phase);
  if (!block) return env.Null();
  auto* share = new std::shared_ptr<Block>(block);
  napi_value buffer;
  const napi_status status = napi_create_external_arraybuffer(
      env, block->data(), block->bytes(), [](napi_env, void*, void* hint) { delete static_cast<std::shared_ptr<Block>*>(hint); },
      share, &buffer);
  if (status != napi_ok) {  // Electron keeps all buffers inside its sandbox
    delete share;
    return env.Null();
  }
  return Napi::Float32Array::New(env, length, Napi::ArrayBuffer(env, buffer), 0);
}

/** accumulate(into, sources, scale): -1, or the index of the first source that lies over `into`; all must be of one length */
Napi::Value accumulate(const Napi::CallbackInfo& info) {
  auto into = info[0].As<Napi::Float32Array>();
  const auto list = info[1].As<Napi::Array>();
  std::vector<const float*> sources(list.Length());
  for (std::size_t k = 0; k < sources.size(); ++k) {
    const Floats source = floats(list.Get(static_cast<unsigned>(k)), into.ElementLength());
    if (source.memory != Memory::fine) throw Napi::TypeError::New(info.Env(), "not a Float32Array of that length");
    sources[k] = source.data;
    const std::less<const float*> before;
    const bool apart =
        !before(source.data, into.Data() + into.ElementLength()) || !before(into.Data(), source.data + into.ElementLength());
    if (!apart) return Napi::Number::New(info.Env(), static_cast<double>(k));
  }
  accumulate_on_team(into.Data(), sources.data(), static_cast<int>(sources.size()), info[2].As<Napi::Number>().FloatValue(),
                     into.ElementLength());
  return Napi::Number::New(info.Env(), -1);
}

std::vector<Floats32> list_of_floats(const Napi::Value& value) {
  const auto list = value.As<Napi::Array>();
  std::vector<Floats32> result;
  for (unsigned k = 0; k < list.Length(); ++k) {
    auto array = Napi::Value(list.Get(k)).As<Napi::Float32Array>();
    result.push_back({array.Data(), array.ElementLength()});
  }
  return result;
}

/** read(arrays): what reading them costs at least, for the benchmark; a sum, so that nothing is left out */
Napi::Value read(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), read_on_team(list_of_floats(info[0]))); }

/** norm(arrays, order): of all of them as one vector */
Napi::Value norm(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), norm_on_team(list_of_floats(info[0]), info[1].As<Napi::Number>()));
}

/** scale(arrays, factor) */
void scale(const Napi::CallbackInfo& info) { scale_on_team(list_of_floats(info[0]), info[1].As<Napi::Number>().FloatValue()); }

/** Where an array lies: a Float32Array, or memory on a device. */
Range range_of(const Napi::Value& value) {
  const DeviceFloats* memory = device_memory(value);
  const float* data = memory ? memory->data() : value.As<Napi::Float32Array>().Data();
  const std::size_t length = !memory ? value.As<Napi::Float32Array>().ElementLength() : memory->disposed() ? 0 : memory->length();
  const auto begin = reinterpret_cast<std::uintptr_t>(data);
  return {begin, begin + length * sizeof(float)};
}

/** overlap(arrays): null, or the indices of two arrays that share memory */
Napi::Value find_overlap(const Napi::CallbackInfo& info) {
  const auto list = info[0].As<Napi::Array>();
  struct Place {
    Range range;
    unsigned index;
  };
  std::vector<Place> places;
  for (unsigned k = 0; k < list.Length(); ++k) {
    const Range range = range_of(list.Get(k));
    if (range.begin < range.end) places.push_back({range, k});
  }
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.range.begin < b.range.begin; });
  for (std::size_t i = 1; i < places.size(); ++i) {
    if (places[i].range.begin >= places[i - 1].range.end) continue;
    Napi::Array pair = Napi::Array::New(info.Env(), 2);
    pair.Set(0u, places[i - 1].index);
    pair.Set(1u, places[i].index);
    return pair;
  }
  return info.Env().Null();
}

/** leased(array, writing): whether a step under way forbids to read or to write it */
Napi::Value ask_lease(const Napi::CallbackInfo& info) {
  const bool writing = info[1].As<Napi::Boolean>();
  if (leases() == 0) return Napi::Boolean::New(info.Env(), false);
  const Range range = range_of(info[0]);
  return Napi::Boolean::New(info.Env(), leased(reinterpret_cast<const void*>(range.begin), range.end - range.begin, writing));
}

/** threads(): how many a step may use */
Napi::Value count_threads(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), team_threads()); }

/** setThreads(count, byDefault): false where a step is under way */
Napi::Value choose_threads(const Napi::CallbackInfo& info) {
  const int threads = info[0].As<Napi::Number>().Int32Value();
  const bool by_default = info[1].As<Napi::Boolean>();
  if (!by_default && leases() > 0) return Napi::Boolean::New(info.Env(), false);
  by_default ? set_team_threads_by_default(threads) : set_team_threads(threads);
  return Napi::Boolean::New(info.Env(), true);
}

/** formulas(): { [name]: { coefficients, states: number of state arrays by variant } } */
Napi::Value describe_formulas(const Napi::CallbackInfo& info) {
  const Loops& loops = *current_backend().loops;
  Napi::Object result = Napi::Object::New(info.Env());
  for (int i = 0; i < loops.count; ++i) {
    const Formula& formula = loops.formulas[i];
    Napi::Array states = Napi::Array::New(info.Env(), static_cast<std::size_t>(formula.variants));
    for (int v = 0; v < formula.variants; ++v) states.Set(static_cast<unsigned>(v), formula.variant[v].states);
    Napi::Object description = Napi::Object::New(info.Env());
    description["coefficients"] = formula.coefficients;
    description["states"] = states;
    result[formula.name] = description;
  }
  return result;
}

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  exports["Table"] = TableObject::define(env);
  exports["backends"] = Napi::Function::New<list_backends>(env, "backends");
  exports["backend"] = Napi::Function::New<name_backend>(env, "backend");
  exports["lastRan"] = Napi::Function::New<name_last_ran>(env, "lastRan");
  exports["useBackend"] = Napi::Function::New<choose_backend>(env, "useBackend");
  exports["allocate"] = Napi::Function::New<allocate>(env, "allocate");
  exports["accumulate"] = Napi::Function::New<accumulate>(env, "accumulate");
  exports["read"] = Napi::Function::New<read>(env, "read");
  exports["norm"] = Napi::Function::New<norm>(env, "norm");
  exports["scale"] = Napi::Function::New<scale>(env, "scale");
  exports["overlap"] = Napi::Function::New<find_overlap>(env, "overlap");
  exports["leased"] = Napi::Function::New<ask_lease>(env, "leased");
  exports["threads"] = Napi::Function::New<count_threads>(env, "threads");
  exports["setThreads"] = Napi::Function::New<choose_threads>(env, "setThreads");
  exports["maxThreads"] = max_threads;
  exports["cuda"] = define_cuda(env);
  exports["formulas"] = Napi::Function::New<describe_formulas>(env, "formulas");
  exports["commonCoefficients"] = common_coefficients;
  exports["maxCoefficients"] = max_coefficients;
  return exports;
}

}  // namespace

NODE_API_MODULE(adabelief, initialise)

}  // namespace adabelief
