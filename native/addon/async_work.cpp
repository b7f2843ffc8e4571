#include "async_work.h"

namespace adabelief {

AsyncWork::AsyncWork(Napi::Env env, const char* name) : Napi::AsyncWorker(env, name) {
  napi_add_env_cleanup_hook(env, end_of_environment, this);
}

AsyncWork::~AsyncWork() { napi_remove_env_cleanup_hook(Env(), end_of_environment, this); }

void AsyncWork::Execute() {
  {
    const Lock lock(mutex_);
    if (progress_ == Progress::over) return;
    progress_ = Progress::running;
  }
  work();
  const Lock lock(mutex_);
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
