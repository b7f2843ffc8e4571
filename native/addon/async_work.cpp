#include "async_work.h"

namespace adabelief {

AsyncWork::AsyncWork(Napi::Env env, const char* name) : Napi::AsyncWorker(env, name), name_(name) {
  napi_add_env_cleanup_hook(env, end_of_environment, this);
}

AsyncWork::~AsyncWork() { napi_remove_env_cleanup_hook(Env(), end_of_environment, this); }

void AsyncWork::begin(bool is_long) {
  if (!is_long) return Queue();
  const Napi::Env env = Env();
  const Napi::Function nothing = Napi::Function::New(env, [](const Napi::CallbackInfo&) {});
  back_ = Napi::ThreadSafeFunction::New(env, nothing, name_, 0, 1);
  // Hooks run in the reverse order. This one must come before that of `back_`, which the work is still using.
  napi_remove_env_cleanup_hook(env, end_of_environment, this);
  napi_add_env_cleanup_hook(env, end_of_environment, this);
  if (start_in_background(*this)) return;
  back_.Release();
  Queue();
}

/** False: the environment has ended. */
bool AsyncWork::may_run() {
  const Lock lock(mutex_);
  if (progress_ == Progress::over) return false;
  progress_ = Progress::running;
  return true;
}

void AsyncWork::Execute() {
  if (!may_run()) return;
  work();
  const Lock lock(mutex_);
  progress_ = Progress::over;
  changed_.wake_all();
}

/** In the background. Once the environment has ended nobody deletes the work: what it refers to is gone. */
void AsyncWork::run() {
  if (!may_run()) return;
  work();
  const Lock lock(mutex_);  // until it is released, the environment does not end, and the work is not deleted
  back_.NonBlockingCall(this, [](Napi::Env env, Napi::Function, AsyncWork* done) {
    { const Lock after_run(done->mutex_); }
    done->OnWorkComplete(env, napi_ok);
  });
  back_.Release();
  progress_ = Progress::over;
  changed_.wake_all();
}

void AsyncWork::end_of_environment(void* work) {
  auto& self = *static_cast<AsyncWork*>(work);
  {
    const Lock lock(self.mutex_);
    while (self.progress_ == Progress::running) self.changed_.wait(self.mutex_);
    self.progress_ = Progress::over;
  }
  self.abandon();
}

}  // namespace adabelief
