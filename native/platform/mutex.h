// The operating system's mutex and condition. Not the standard library's: its condition variable needs a newer C library than
// Node itself does, and WebAssembly without threads has neither.
#pragma once

#if defined(_WIN32)
#include "windows.h"
#elif !defined(__wasm__)
#include <pthread.h>
#endif

namespace adabelief {

/** Both need no destructor, so that they may outlive everything else in the process. */
#if defined(_WIN32)

class Mutex {
 public:
  void lock() { AcquireSRWLockExclusive(&mutex_); }
  void unlock() { ReleaseSRWLockExclusive(&mutex_); }

 private:
  friend class Condition;
  SRWLOCK mutex_ = SRWLOCK_INIT;
};

class Condition {
 public:
  void wait(Mutex& locked) { SleepConditionVariableSRW(&condition_, &locked.mutex_, INFINITE, 0); }
  void wake_all() { WakeAllConditionVariable(&condition_); }

 private:
  CONDITION_VARIABLE condition_ = CONDITION_VARIABLE_INIT;
};

#elif defined(__wasm__)

class Mutex {  // of one thread
 public:
  void lock() {}
  void unlock() {}
};

#else

class Mutex {
 public:
  void lock() { pthread_mutex_lock(&mutex_); }
  void unlock() { pthread_mutex_unlock(&mutex_); }

 private:
  friend class Condition;
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
};

class Condition {
 public:
  void wait(Mutex& locked) { pthread_cond_wait(&condition_, &locked.mutex_); }
  void wake_all() { pthread_cond_broadcast(&condition_); }

 private:
  pthread_cond_t condition_ = PTHREAD_COND_INITIALIZER;
};

#endif

/** Holds a mutex for as long as it lives. */
class Lock {
 public:
  explicit Lock(Mutex& mutex) : mutex_(mutex) { mutex_.lock(); }
  ~Lock() { mutex_.unlock(); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace adabelief
