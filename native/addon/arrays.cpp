#include "arrays.h"

#include <functional>
#include <vector>

#include "../core/lease.h"
#include "../cpu/accumulate.h"
#include "../cpu/convert.h"
#include "../cpu/norm.h"
#include "../table/overlap.h"
#include "cuda_memory.h"
#include "floats.h"

namespace adabelief {

namespace {

/** accumulate(into, sources, scale, pairs): null, or the index of the first source that overlaps `into`; all must be of one
 * length */
Napi::Value accumulate(const Napi::CallbackInfo& info) {
  auto into = info[0].As<Napi::Float32Array>();
  const auto list = info[1].As<Napi::Array>();
  std::vector<const float*> sources(list.Length());
  for (std::size_t k = 0; k < sources.size(); ++k) {
    const Floats source = floats(list.Get(static_cast<unsigned>(k)), into.ElementLength());
    if (source.problem != Problem::none) throw Napi::TypeError::New(info.Env(), "not a Float32Array of that length");
    sources[k] = source.data;
    const std::less<const float*> before;
    const bool apart =
        !before(source.data, into.Data() + into.ElementLength()) || !before(into.Data(), source.data + into.ElementLength());
    if (!apart) return Napi::Number::New(info.Env(), static_cast<double>(k));
  }
  accumulate_on_pool(into.Data(), sources.data(), static_cast<int>(sources.size()), info[2].As<Napi::Number>().FloatValue(),
                     into.ElementLength(), info[3].As<Napi::Boolean>() ? SumOrder::pairs : SumOrder::sequence);
  return info.Env().Null();
}

/** The memory of a typed array. */
Range range_of(const Napi::TypedArray& array) {
  const std::size_t size = array.ByteLength();  // of a detached or empty array 0
  void* data = nullptr;
  napi_get_typedarray_info(array.Env(), array, nullptr, nullptr, &data, nullptr, nullptr);
  const auto begin = reinterpret_cast<std::uintptr_t>(data);
  return {begin, begin + size};
}

/** Whether two arrays lie apart. Throws unless they have these types and one length. */
bool lie_apart(const Napi::Value& a, napi_typedarray_type type_of_a, const Napi::Value& b, napi_typedarray_type type_of_b) {
  const auto has_type = [](const Napi::Value& value, napi_typedarray_type type) {
    return value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == type;
  };
  if (!has_type(a, type_of_a) || !has_type(b, type_of_b) ||
      a.As<Napi::TypedArray>().ElementLength() != b.As<Napi::TypedArray>().ElementLength()) {
    throw Napi::TypeError::New(a.Env(), "not two arrays of these types and of one length");
  }
  const Range one = range_of(a.As<Napi::TypedArray>()), other = range_of(b.As<Napi::TypedArray>());
  return one.end <= other.begin || other.end <= one.begin;
}

/** widen(type, into, from): from 16 bits to float32. False, with nothing written, where the arrays overlap. */
Napi::Value widen(const Napi::CallbackInfo& info) {
  const bool apart = lie_apart(info[1], napi_float32_array, info[2], napi_uint16_array);
  auto into = info[1].As<Napi::Float32Array>();
  const auto type = static_cast<ElementType>(info[0].As<Napi::Number>().Int32Value());
  if (apart) widen_on_pool(type, into.Data(), info[2].As<Napi::Uint16Array>().Data(), into.ElementLength());
  return Napi::Boolean::New(info.Env(), apart);
}

/** narrow(type, into, from): from float32 to 16 bits, rounded to nearest. False as widen. */
Napi::Value narrow(const Napi::CallbackInfo& info) {
  const bool apart = lie_apart(info[1], napi_uint16_array, info[2], napi_float32_array);
  auto into = info[1].As<Napi::Uint16Array>();
  const auto type = static_cast<ElementType>(info[0].As<Napi::Number>().Int32Value());
  if (apart) narrow_on_pool(type, into.Data(), info[2].As<Napi::Float32Array>().Data(), into.ElementLength());
  return Napi::Boolean::New(info.Env(), apart);
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

/** read(arrays): reads every element, for the bandwidth baseline; returns a sum, so that no read is left out */
Napi::Value read(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), read_on_pool(list_of_floats(info[0]))); }

/** norm(arrays, order): of all of them as one vector */
Napi::Value norm(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), norm_on_pool(list_of_floats(info[0]), info[1].As<Napi::Number>()));
}

/** scale(arrays, factor) */
void scale(const Napi::CallbackInfo& info) { scale_on_pool(list_of_floats(info[0]), info[1].As<Napi::Number>().FloatValue()); }

/** Where an array lies: a typed array, or memory on a device. */
Range range_of(const Napi::Value& value) {
  const DeviceFloats* memory = device_memory(value);
  if (!memory) return range_of(value.As<Napi::TypedArray>());
  const auto begin = reinterpret_cast<std::uintptr_t>(memory->data());
  return {begin, begin + (memory->disposed() ? 0 : memory->length()) * sizeof(float)};
}

/** overlap(arrays): null, or the indices of two arrays that share memory */
Napi::Value find_overlap(const Napi::CallbackInfo& info) {
  const auto list = info[0].As<Napi::Array>();
  std::vector<Interval> intervals;
  for (unsigned k = 0; k < list.Length(); ++k) {
    const auto [begin, end] = range_of(list.Get(k));
    if (begin < end) intervals.push_back({begin, end, static_cast<int>(k), Role::data});
  }
  const Overlap overlap = sort_disjoint(intervals);
  if (!overlap.found) return info.Env().Null();
  Napi::Array pair = Napi::Array::New(info.Env(), 2);
  pair.Set(0u, overlap.row);
  pair.Set(1u, overlap.other_row);
  return pair;
}

/** leased(array, writing): whether a step on another thread forbids to read or to write it */
Napi::Value ask_lease(const Napi::CallbackInfo& info) {
  const bool writing = info[1].As<Napi::Boolean>();
  if (leases() == 0) return Napi::Boolean::New(info.Env(), false);
  const Range range = range_of(info[0]);
  return Napi::Boolean::New(info.Env(), leased(reinterpret_cast<const void*>(range.begin), range.end - range.begin, writing));
}

}  // namespace

void define_arrays(Napi::Env env, Napi::Object exports) {
  exports["accumulate"] = Napi::Function::New<accumulate>(env, "accumulate");
  exports["widen"] = Napi::Function::New<widen>(env, "widen");
  exports["narrow"] = Napi::Function::New<narrow>(env, "narrow");
  exports["read"] = Napi::Function::New<read>(env, "read");
  exports["norm"] = Napi::Function::New<norm>(env, "norm");
  exports["scale"] = Napi::Function::New<scale>(env, "scale");
  exports["overlap"] = Napi::Function::New<find_overlap>(env, "overlap");
  exports["leased"] = Napi::Function::New<ask_lease>(env, "leased");
}

}  // namespace adabelief
