// The part of a Table for JavaScript that gives rows their memory.
#include <algorithm>
#include <new>
#include <optional>

#include "coded_error.h"
#include "cuda_memory.h"
#include "floats.h"
#include "table_object.h"

namespace adabelief {

namespace {

/** What is wrong with an array: { problem, [where]: number } */
Napi::Value describe(Napi::Env env, Problem problem, const char* where, std::size_t number) {
  Napi::Object result = Napi::Object::New(env);
  result["problem"] = static_cast<int>(problem);
  result[where] = static_cast<double>(number);
  return result;
}

/** The address of an array, of the processor's memory or a device's. */
Floats floats_on(int device, const Napi::Value& value, std::size_t wanted, ElementType type = ElementType::float32) {
  return device == host ? floats(value, wanted, type) : device_floats(value, wanted, device);
}

/** A whole number that JavaScript can say. */
std::uint64_t whole(const Napi::Value& value) { return static_cast<std::uint64_t>(value.As<Napi::Number>().Int64Value()); }

}  // namespace

Napi::Value TableObject::bind(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int index = row(info[0]);
  const auto length = static_cast<std::size_t>(info[1].As<Napi::Number>().Int64Value());
  const int device = info[2].As<Napi::Number>().Int32Value();
  if (device < host) throw Napi::RangeError::New(env, "no such device");
  constexpr std::size_t first = 3;  // where the arrays begin among the arguments, in the order of Role
  constexpr auto grad = static_cast<std::size_t>(Role::grad), state = static_cast<std::size_t>(Role::state),
                 slow = static_cast<std::size_t>(Role::slow), ema = static_cast<std::size_t>(Role::ema);
  const auto type = static_cast<ElementType>(info[first + ema + 1].As<Napi::Number>().Int32Value());
  if (device != host && type != ElementType::float32) throw Napi::TypeError::New(env, "states on a device are float32");
  float* pointers[ema + 1] = {};
  int states = 0;
  for (std::size_t k = 0; k <= ema; ++k) {
    const Napi::Value argument = info[first + k];
    if (argument.IsNull() && k >= grad) continue;
    const bool is_state = k >= state && k < slow;
    const Floats array = floats_on(device, argument, length, is_state ? type : ElementType::float32);
    if (array.problem != Problem::none) return describe(env, array.problem, "role", k);
    pointers[k] = array.data;
    if (!is_state) continue;
    if (states < static_cast<int>(k - state)) {
      return describe(env, Problem::not_float32, "role", state + static_cast<std::size_t>(states));
    }
    ++states;
  }
  Span span{pointers[0], pointers[1], pointers[grad], {pointers[state], pointers[state + 1], pointers[state + 2]}, length};
  span.state_type = type;
  table_->bind(index, span, states, pointers[slow], pointers[ema], device);
  table_->noise(index, {whole(info[first + ema + 2]), whole(info[first + ema + 3])});
  return env.Null();
}

Napi::Value TableObject::bind_grads(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto rows = info[0].As<Napi::Int32Array>();
  const auto grads = info[1].As<Napi::Array>();
  const unsigned count = info[2].As<Napi::Number>().Uint32Value();
  if (count > rows.ElementLength() || count > grads.Length()) throw Napi::RangeError::New(env, "more gradients than given");
  constexpr unsigned handles = 256;  // of so many gradients lives at a time
  std::optional<Napi::HandleScope> scope;
  for (unsigned k = 0; k < count; ++k) {
    const int index = rows.Data()[k];
    if (index < 0 || index >= table_->rows()) throw Napi::RangeError::New(env, "no such row");
    if (k % handles == 0) scope.emplace(env);
    const Floats grad = floats_on(table_->place(index), grads.Get(k), table_->length(index));
    if (grad.problem != Problem::none) {
      scope.reset();
      return describe(env, grad.problem, "index", k);
    }
    table_->bind_grad(index, grad.data);
  }
  return env.Null();
}

Napi::Value TableObject::bind_sparse(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int index = row(info[0]);
  const auto rows = info[1].As<Napi::Uint32Array>();
  const auto count = static_cast<std::size_t>(info[3].As<Napi::Number>().Int64Value());
  SparseGradient gradient{rows.Data(), nullptr, count, nullptr};
  std::size_t room = rows.ElementLength();
  if (!info[2].IsNull()) {
    const auto sets = info[2].As<Napi::Int32Array>();
    gradient.sets = sets.Data();
    room = std::min(room, sets.ElementLength());
  }
  if (count > room) throw Napi::RangeError::New(env, "no such sparse gradient");
  const Floats values = floats_on(table_->place(index), info[4], count * table_->width(index));
  if (values.problem != Problem::none) return Napi::Number::New(env, static_cast<int>(values.problem));
  gradient.values = values.data;
  try {
    if (!table_->bind_sparse(index, gradient)) throw Napi::RangeError::New(env, "no such row of a tensor");
  } catch (const std::bad_alloc&) {
    throw coded(env, EngineError::Kind::memory, "There is no memory for a sparse gradient");
  }
  if (sizeof *this + table_->bytes() != accounted_) account(env, sizeof *this + table_->bytes());
  return Napi::Number::New(env, static_cast<int>(Problem::none));
}

}  // namespace adabelief
