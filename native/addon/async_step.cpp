#include "async_step.h"

#include <algorithm>

#include "../cpu/thread_pool.h"
#include "cuda_memory.h"

namespace adabelief {

namespace {

/** From so many elements on a step takes about a millisecond on one core. */
constexpr std::size_t long_step = 1 << 20;

}  // namespace

AsyncStep::AsyncStep(Napi::Env env, std::shared_ptr<Table> table, Napi::Object owners)
    : AsyncWork(env, "adabelief.stepAsync"),
      table_(std::move(table)),
      hold_(hold_memory(*table_)),
      owners_(Napi::Persistent(owners)),
      deferred_(env) {}

Napi::Value AsyncStep::start(Napi::Env env, std::shared_ptr<Table> table, Napi::Object owners) {
  auto* step = new AsyncStep(env, std::move(table), owners);
  const Napi::Value promise = step->deferred_.Promise();
  const bool is_long = step->table_->elements() >= long_step;
  if (is_long) make_pool_threads();
  step->begin(is_long);  // it deletes itself when it is done
  return promise;
}

void AsyncStep::work() {
  bool launched = false;
  try {
    table_->run(std::max(1, pool_threads() - 1));
    launched = true;
    table_->synchronize();
  } catch (const EngineError& error) {
    kind_ = launched ? EngineError::Kind::lost : error.kind;  // the result of launched work is unknown
    SetError(error.what());
  }
}

void AsyncStep::abandon() { hold_ = {}; }

void AsyncStep::OnOK() {
  hold_ = {};
  deferred_.Resolve(Env().Undefined());
}

void AsyncStep::OnError(const Napi::Error& error) {
  hold_ = {};
  deferred_.Reject(coded(Env(), kind_, error.Message()).Value());
}

}  // namespace adabelief
