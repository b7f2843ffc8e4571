#include "async_step.h"

#include <algorithm>

#include "../cpu/team.h"
#include "cuda_memory.h"

namespace adabelief {

AsyncStep::AsyncStep(Napi::Env env, std::shared_ptr<Table> table, const Work& work, Napi::Object owners)
    : Napi::AsyncWorker(env, "adabelief.stepAsync"),
      table_(std::move(table)),
      work_(work),
      hold_(table_->hold()),
      owners_(Napi::Persistent(owners)),
      deferred_(env) {}

Napi::Value AsyncStep::start(Napi::Env env, std::shared_ptr<Table> table, const Work& work, Napi::Object owners) {
  auto* step = new AsyncStep(env, std::move(table), work, owners);
  const Napi::Value promise = step->deferred_.Promise();
  step->Queue();  // it deletes itself when it is done
  return promise;
}

void AsyncStep::Execute() {
  bool launched = false;
  try {
    table_->run(work_, std::max(1, team_threads() - 1));
    launched = true;
    table_->synchronize();
  } catch (const CudaError& error) {
    kind_ = launched ? CudaError::Kind::lost : error.kind;  // nobody knows how it ended
    SetError(error.what());
  }
}

void AsyncStep::OnOK() {
  hold_ = {};
  deferred_.Resolve(Env().Undefined());
}

void AsyncStep::OnError(const Napi::Error& error) {
  hold_ = {};
  deferred_.Reject(coded(Env(), kind_, error.Message()).Value());
}

}  // namespace adabelief
