#include "mpi_task.h"

#include <algorithm>

namespace adabelief {

namespace {

/** The last batch that came to nothing, and why. Of the thread of MPI alone. */
std::optional<std::pair<double, mpi::Failure>> failed_batch;

}  // namespace

MpiTask::MpiTask(Napi::Env env, Act begin, Act finish)
    : begin_(std::move(begin)),
      finish_(std::move(finish)),
      owners_(Napi::Persistent(Napi::Array::New(env).As<Napi::Object>())),
      deferred_(env) {}

void MpiTask::agree_on(const Napi::Value& ok, const Napi::Value& parts, const Napi::Value& message) {
  mpi::Agreement agreement;
  agreement.ok = ok.As<Napi::Boolean>();
  const auto numbers = parts.As<Napi::Float64Array>();
  std::copy_n(numbers.Data(), std::min(numbers.ElementLength(), agreement.parts.size()), agreement.parts.begin());
  agreement.message = message.As<Napi::String>().Utf8Value();
  agreement_ = std::move(agreement);
}

void MpiTask::keep(const Napi::Value& value) {
  Napi::Array owners = owners_.Value().As<Napi::Array>();
  owners.Set(owners.Length(), value);
}

void MpiTask::use(const void* memory, std::size_t bytes, std::vector<Range>& ranges) {
  if (bytes == 0) return;
  const auto begin = reinterpret_cast<std::uintptr_t>(memory);
  ranges.push_back({begin, begin + bytes});
  if (std::shared_ptr<AlignedBuffer> buffer = AlignedBuffer::containing(memory)) buffers_.push_back(std::move(buffer));
}

Napi::Value MpiTask::submit(std::unique_ptr<MpiTask> task) {
  const Napi::Env env = task->deferred_.Env();
  const Napi::Value promise = task->deferred_.Promise();
  const Napi::Function nothing = Napi::Function::New(env, [](const Napi::CallbackInfo&) {});
  task->back_ = Napi::ThreadSafeFunction::New(env, nothing, "adabelief.mpi", 0, 1);
  if (!task->read_.empty() || !task->written_.empty()) {
    task->lease_ = Lease::take(std::move(task->read_), std::move(task->written_));
  }
  mpi::World::get().submit(std::move(task));
  return promise;
}

void MpiTask::begin(mpi::World& world) {
  if (failed_batch && batch_ >= 0 && failed_batch->first == batch_) throw failed_batch->second;
  try {
    if (agreement_) mpi::agree(world, *agreement_);
  } catch (const mpi::Failure& failure) {
    if (batch_ >= 0) failed_batch.emplace(batch_, failure);
    throw;
  }
  begin_(world);
}

void MpiTask::report(const std::optional<mpi::Failure>& failure) {
  if (failure) failure_.emplace(*failure);
  Napi::ThreadSafeFunction back = back_;  // the task may be gone when the call returns
  back.BlockingCall(this, [](Napi::Env env, Napi::Function, MpiTask* task) { task->settle(env); });
  back.Release();
}

/** On JavaScript's thread. After a final failure MPI may go on writing the memory: nothing is let go of. */
void MpiTask::settle(Napi::Env env) {
  const Napi::HandleScope scope(env);
  if (!failure_) {
    deferred_.Resolve(env.Undefined());
  } else {
    Napi::Object outcome = Napi::Object::New(env);
    outcome["fault"] = static_cast<int>(failure_->fault);
    outcome["message"] = failure_->what();
    outcome["rank"] = failure_->rank;
    outcome["part"] = failure_->part;
    deferred_.Resolve(outcome);
    if (failure_->is_final()) return;
  }
  delete this;
}

}  // namespace adabelief
