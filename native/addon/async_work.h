// Work on another thread, in an environment that may end before the work does: Deno ends a worker's without waiting, and frees
// the memory that the work is using.
#pragma once

#include <napi.h>

#include "../platform/mutex.h"

namespace adabelief {

class AsyncWork : public Napi::AsyncWorker {
 public:
  ~AsyncWork() override;

 protected:
  AsyncWork(Napi::Env env, const char* name);

  /** On a thread of the pool, while JavaScript runs. Exceptions must be caught. */
  virtual void work() = 0;
  /** Releases what others wait for. Called if the environment ends first: the promise is never settled then. */
  virtual void abandon() {}

 private:
  void Execute() final;
  /** On JavaScript's thread: waits for work that has begun, and prevents any other. */
  static void end_of_environment(void* work);

  enum class Progress { queued, running, over };
  Mutex mutex_;
  Condition changed_;
  Progress progress_ = Progress::queued;
};

}  // namespace adabelief
