#include "table_object.h"

#include <algorithm>
#include <new>
#include <string>

#include "../cpu/thread_pool.h"
#include "async_step.h"
#include "cuda_memory.h"

namespace adabelief {

namespace {

int known_formula(const Napi::CallbackInfo& info) {
  const std::string name = info[0].As<Napi::String>();
  const int formula = find_formula(name.c_str());
  if (formula < 0) throw Napi::Error::New(info.Env(), "no formula is called " + name);
  return formula;
}

Napi::Value describe(Napi::Env env, const Outcome& outcome) {
  const auto& [kind, where] = outcome;
  if (kind == Outcome::invalid) throw Napi::Error::New(env, "this request does not fit this table");
  if (kind == Outcome::ready) return env.Null();
  Napi::Object result = Napi::Object::New(env);
  result["row"] = where.row;
  result["role"] = static_cast<int>(where.role);
  if (kind == Outcome::leased) return result;
  result["otherRow"] = where.other_row;
  result["otherRole"] = static_cast<int>(where.other_role);
  return result;
}

}  // namespace

TableObject::TableObject(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<TableObject>(info), table_(std::make_shared<Table>(known_formula(info))) {
  account(info.Env(), sizeof *this);
  define_step(info.Env(), info.This().As<Napi::Object>());
}

/** Gives a table a function of its own: to look up the object behind `this` would take a tenth of a small step. */
void TableObject::define_step(Napi::Env env, Napi::Object self) {
  const auto call = [](const Napi::CallbackInfo& info) { return static_cast<TableObject*>(info.Data())->step(info); };
  Napi::Function step = Napi::Function::New(env, +call, "step", this);
  step.DefineProperty(Napi::PropertyDescriptor::Value("table", self, napi_default));  // keeps what it calls alive
  self.DefineProperty(Napi::PropertyDescriptor::Value("step", step, napi_enumerable));
}

void TableObject::Finalize(Napi::Env env) { account(env, 0); }

void TableObject::account(Napi::Env env, std::size_t bytes) {
  Napi::MemoryManagement::AdjustExternalMemory(env, static_cast<int64_t>(bytes) - static_cast<int64_t>(accounted_));
  accounted_ = bytes;
}

int TableObject::row(const Napi::Value& value) const {
  const int row = value.As<Napi::Number>().Int32Value();
  if (row < 0 || row >= table_->rows()) throw Napi::RangeError::New(value.Env(), "no such row");
  return row;
}

void TableObject::resize(const Napi::CallbackInfo& info) {
  const int rows = info[0].As<Napi::Number>().Int32Value();
  if (rows < 0) throw Napi::RangeError::New(info.Env(), "rows must not be negative");
  try {
    table_->resize(rows);
  } catch (const std::bad_alloc&) {
    throw Napi::RangeError::New(info.Env(), "out of memory");
  }
  account(info.Env(), sizeof *this + table_->bytes());
}

void TableObject::shape(const Napi::CallbackInfo& info) {
  const auto first = static_cast<std::size_t>(info[2].As<Napi::Number>().Int64Value());
  table_->shape(row(info[0]), info[1].As<Napi::Number>().Int32Value(), first);
}

void TableObject::set_request(const Napi::CallbackInfo& info) {
  constexpr unsigned arrays = 6;
  const auto sets = info[0].As<Napi::Int32Array>(), variants = info[1].As<Napi::Int32Array>(),
             stages = info[2].As<Napi::Int32Array>();
  const auto coefficients = info[3].As<Napi::Float32Array>();
  const auto noise = info[4].As<Napi::Float64Array>();
  auto gradients = info[5].As<Napi::Float64Array>();
  if (gradients.ByteLength() != sizeof(Gradients)) throw Napi::RangeError::New(info.Env(), "gradients has another length");
  request_ = {sets.Data(),
              variants.Data(),
              stages.Data(),
              coefficients.Data(),
              noise.Data(),
              0,
              reinterpret_cast<Gradients*>(gradients.Data()),
              request_.live};
  most_rows_ = static_cast<int>(sets.ElementLength());
  const std::size_t room = std::min({variants.ElementLength(), stages.ElementLength(), noise.ElementLength() / 2});
  most_sets_ = static_cast<int>(std::min(room, coefficients.ElementLength() / max_coefficients));
  Napi::Array kept = Napi::Array::New(info.Env(), arrays);
  for (unsigned i = 0; i < arrays; ++i) kept.Set(i, info[i]);
  request_arrays_ = Napi::Persistent(kept.As<Napi::Object>());
}

void TableObject::read_request(const Napi::CallbackInfo& info) {
  request_.sets = info[0].As<Napi::Number>().Int32Value();
  const bool live = !request_.live || request_.sets <= most_live_;
  const bool fits = request_.sets >= 0 && request_.sets <= most_sets_ && table_->rows() <= most_rows_ && live;
  if (!fits) throw Napi::Error::New(info.Env(), "this request does not fit this table");
}

Outcome TableObject::prepare(const Napi::CallbackInfo& info) {
  read_request(info);
  return with_codes(info.Env(), [&] { return table_->prepare(request_); });
}

Napi::Value TableObject::step(const Napi::CallbackInfo& info) {
  const Outcome outcome = prepare(info);
  if (outcome.kind == Outcome::ready) with_codes(info.Env(), [&] { table_->run(pool_threads()); });
  return describe(info.Env(), outcome);
}

Napi::Value TableObject::step_async(const Napi::CallbackInfo& info) {
  const Outcome outcome = prepare(info);
  if (outcome.kind != Outcome::ready) return describe(info.Env(), outcome);
  return AsyncStep::start(info.Env(), table_, info[1].As<Napi::Object>());
}

void TableObject::set_stream(const Napi::CallbackInfo& info) { table_->use_stream(reinterpret_cast<void*>(handle_of(info[0]))); }

void TableObject::set_slots(const Napi::CallbackInfo& info) {
  const DeviceFloats* memory = device_memory(info[0]);
  if (!memory || memory->disposed()) return table_->use_slots(nullptr, 0, host);
  auto* slots = reinterpret_cast<NormSlot*>(memory->data());
  table_->use_slots(slots, memory->length() * sizeof(float) / sizeof(NormSlot), memory->device());
}

void TableObject::set_steps(const Napi::CallbackInfo& info) {
  request_.live = nullptr;
  most_live_ = 0;
  live_array_.Reset();
  table_->use_steps({});
  if (info[0].IsNull()) return;
  auto live = info[0].As<Napi::Uint8Array>();
  const DeviceFloats *counts = device_memory(info[1]), *work = device_memory(info[2]);
  if (!counts || !work || counts->disposed() || work->disposed()) throw Napi::TypeError::New(info.Env(), "no memory of a device");
  const std::size_t rows = counts->bytes() / sizeof(double), bytes = rows * sizeof(RowStep);
  const std::size_t sets = work->bytes() < bytes ? 0 : (work->bytes() - bytes) / sizeof(LiveSet);
  auto* steps = reinterpret_cast<RowStep*>(work->data());
  table_->use_steps({reinterpret_cast<double*>(counts->data()), steps, reinterpret_cast<LiveSet*>(steps + rows), rows, sets});
  request_.live = reinterpret_cast<const LiveSet*>(live.Data());
  most_live_ = static_cast<int>(live.ByteLength() / sizeof(LiveSet));
  live_array_ = Napi::Persistent(info[0].As<Napi::Object>());
}

void TableObject::write_live(const Napi::CallbackInfo& info) {
  read_request(info);
  if (request_.sets > most_live_) throw Napi::Error::New(info.Env(), "this request does not fit this table");
  with_codes(info.Env(), [&] {
    table_->write_live(request_.live, static_cast<std::size_t>(request_.sets), reinterpret_cast<void*>(handle_of(info[1])));
  });
}

void TableObject::synchronize(const Napi::CallbackInfo& info) {
  with_codes(info.Env(), [&] { table_->synchronize(); });
}

Napi::Function TableObject::define(Napi::Env env) {
  return DefineClass(
      env, "Table",
      {InstanceMethod<&TableObject::resize>("resize"), InstanceMethod<&TableObject::shape>("shape"),
       InstanceMethod<&TableObject::bind>("bind"), InstanceMethod<&TableObject::bind_grads>("bindGrads"),
       InstanceMethod<&TableObject::bind_sparse>("bindSparse"), InstanceMethod<&TableObject::set_request>("setRequest"),
       InstanceMethod<&TableObject::step_async>("stepAsync"), InstanceMethod<&TableObject::set_stream>("setStream"),
       InstanceMethod<&TableObject::set_slots>("setSlots"), InstanceMethod<&TableObject::set_steps>("setSteps"),
       InstanceMethod<&TableObject::write_live>("writeLive"), InstanceMethod<&TableObject::synchronize>("synchronize")});
}

}  // namespace adabelief
