// The one thread that calls MPI: it starts it, exchanges, aborts and ends it. So MPI needs no support for threads, and
// JavaScript's thread never waits for other ranks.
#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "../platform/mutex.h"
#include "failure.h"
#include "library.h"

namespace adabelief::mpi {

class World;

/** What the thread is asked for. */
class Job {
 public:
  virtual ~Job() = default;
  /** Whether `begin` returns while the exchange goes on. The next job of this kind then begins before `finish` is called. */
  virtual bool overlaps() const { return false; }
  virtual void begin(World& world) = 0;
  virtual void finish(World&) {}
  /** Says how it ended, and takes over the job. After a final failure nothing of it may be freed: MPI may go on writing its
   * memory. */
  virtual void report(const std::optional<Failure>& failure) = 0;
};

/** Memory for one exchange. It grows, and is never given back: a request that was given up may still write it. */
struct Scratch {
  std::vector<float> send, receive;
};

class World {
 public:
  /** The process has one. It is never destroyed: its thread may wait in it while the process ends. */
  static World& get();

  /** Does a job after those before it. A job reports its end on the thread of MPI. */
  void submit(std::unique_ptr<Job> job);
  /** Blocks the calling thread until MPI has started, or failed to, or the timeout has passed. UCX tests its hooks then by moving
   * the program's break there and back: a thread that allocates memory meanwhile can lose it. */
  void wait_for_start();
  /** Ends all ranks, and this process. Any thread may call it; it does not return. */
  [[noreturn]] void abort(int code);

  // For jobs, on the thread of MPI.
  /** With a color, from 0 on, the world is of the ranks that have the same. */
  void start(int color);
  void end();
  /** Waits for a request. Makes progress by asking, gives the core to others after a while, gives up after the timeout. */
  void wait(Request& request, const char* call);
  /** Gives up where a call failed. */
  void check(int error, const char* call);
  /** Gives a final failure to all jobs, those to come as well. It does not return: requests may still use memory of the stack. */
  [[noreturn]] void give_up(const Failure& failure);
  Api& api() { return *found_library()->api; }
  /** How many processes were started, of all colors. */
  int started() const { return processes_; }
  int rank() const { return rank_; }
  int size() const { return size_; }
  /** Memory that the last exchange but this one has let go of. */
  Scratch& scratch() { return scratch_[turn_ ^= 1]; }

  std::atomic<double> timeout{600};  // seconds

 private:
  void run();
  std::unique_ptr<Job> next(bool may_wait);
  void attempt(std::unique_ptr<Job>& job, void (Job::*act)(World&));
  void settle();
  void obey_abort();

  Mutex lock_;
  Condition wake_;
  std::deque<std::unique_ptr<Job>> jobs_;
  bool running_ = false;
  std::atomic<int> aborting_{0};
  std::atomic<bool> started_{false}, decided_{false};  // `decided_`: whether it has started is known
  // Of the thread of MPI alone.
  std::unique_ptr<Job> job_, under_way_;
  int rank_ = 0, size_ = 1, processes_ = 1;
  Scratch scratch_[2];
  int turn_ = 0;
};

}  // namespace adabelief::mpi
