// Work on another thread, in an environment that may end before the work does: Deno ends a worker's without waiting, and frees
// the memory that the work is using.
#pragma once

#include <napi.h>

#include "../platform/background.h"
#include "../platform/mutex.h"

namespace adabelief {

class AsyncWork : public Napi::AsyncWorker, private BackgroundTask {
 public:
  ~AsyncWork() override;

  /**
   * Starts it. Long work is done on a thread in the background; other work by libuv's pool, whose threads serve others as well.
   * It deletes itself when it is done.
   */
  void begin(bool is_long);

 protected:
  AsyncWork(Napi::Env env, const char* name);

  /** On another thread, while JavaScript runs. Exceptions must be caught. */
  virtual void work() = 0;
  /** Releases what others wait for. Called if the environment ends first: the promise is never settled then. */
  virtual void abandon() {}

 private:
  bool may_run();
  void Execute() final;
  void run() final;
  /** On JavaScript's thread: waits for work that has begun, and prevents any other. */
  static void end_of_environment(void* work);

  enum class Progress { queued, running, over };
  Mutex mutex_;
  Condition changed_;
  Progress progress_ = Progress::queued;
  const char* const name_;
  Napi::ThreadSafeFunction back_;  // to JavaScript's thread, from one in the background
};

}  // namespace adabelief
