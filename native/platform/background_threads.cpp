#include <cstddef>
#include <exception>
#include <thread>

#include "background.h"
#include "mutex.h"

namespace adabelief {

namespace {

class Threads {
 public:
  bool start(BackgroundTask& task) {
    const Lock lock(mutex_);
    if (idle_ == 0 && !hire()) return false;
    --idle_;
    task.next = tasks_;
    tasks_ = &task;
    changed_.wake_all();
    return true;
  }

 private:
  bool hire() {
    try {
      std::thread(&Threads::serve, this).detach();
    } catch (const std::exception&) {
      return false;
    }
    ++idle_;
    return true;
  }

  /** The life of a thread: it ends with the process. */
  void serve() {
    enter_background();
    mutex_.lock();
    for (;;) {
      while (!tasks_) changed_.wait(mutex_);
      BackgroundTask& task = *tasks_;
      tasks_ = task.next;
      mutex_.unlock();
      task.run();
      mutex_.lock();
      ++idle_;
    }
  }

  Mutex mutex_;
  Condition changed_;
  BackgroundTask* tasks_ = nullptr;  // for each there is a thread that is about to take one
  std::size_t idle_ = 0;             // other threads that have nothing to do
};

}  // namespace

bool start_in_background(BackgroundTask& task) {
  static Threads& threads = *new Threads;  // never destroyed: threads may wait in it while the process ends
  return threads.start(task);
}

}  // namespace adabelief
