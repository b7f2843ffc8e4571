// Threads that compute for long while another one must answer soon: the event loop's.
#pragma once

namespace adabelief {

/**
 * Puts the calling thread into the background, for good. It does not take its core from another thread when it wakes up, and
 * leaves it to one that does after a fifth of a millisecond. Where several threads have one core it gets a quarter of it beside
 * one other. Linux makes the event loop wait for up to 5 ms otherwise. Does nothing on other systems, and where it is forbidden.
 *
 * Threads that it makes begin in the background, too.
 */
void enter_background();

/** Work for a thread in the background. */
class BackgroundTask {
 public:
  virtual ~BackgroundTask() = default;
  /** Must not throw. May delete the task. */
  virtual void run() = 0;

  BackgroundTask* next = nullptr;  // of those that wait
};

/** Runs a task on such a thread. False: there is none, and none can be made. */
bool start_in_background(BackgroundTask& task);

}  // namespace adabelief
