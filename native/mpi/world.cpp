#include "world.h"

#include <chrono>
#include <cstdlib>
#include <thread>

namespace adabelief::mpi {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

/** How long a wait keeps its core, how long it sleeps between questions then, and how long after a tenth of a second. */
constexpr auto spin = 2ms;
constexpr auto nap = 50us, long_nap = 500us;
constexpr unsigned first_polls = 64;

/** How long the other ranks are given to be told that this one aborts. */
constexpr auto abort_patience = 5s;

std::string seconds_text(double seconds) {
  std::string text = std::to_string(seconds);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text + " s";
}

}  // namespace

World& World::get() {
  static World& world = *new World;
  return world;
}

void World::submit(std::unique_ptr<Job> job) {
  {
    const Lock guard(lock_);
    jobs_.push_back(std::move(job));
    if (!running_) std::thread([this] { run(); }).detach();
    running_ = true;
  }
  wake_.wake_all();
}

void World::wait_for_start() {
  const auto start = Clock::now();
  const auto deadline = std::chrono::duration<double>(timeout.load());
  while (!decided_ && Clock::now() - start < deadline) std::this_thread::sleep_for(1ms);
}

void World::abort(int code) {
  aborting_ = code == 0 ? 1 : code;
  wake_.wake_all();
  if (started_) std::this_thread::sleep_for(abort_patience);
  std::_Exit(aborting_);
}

/** The flag is obeyed by the thread of MPI, because a library may crash when another one aborts. */
void World::obey_abort() {
  if (aborting_ == 0) return;
  if (started_) api().abort(aborting_);
  std::_Exit(aborting_);
}

std::unique_ptr<Job> World::next(bool may_wait) {
  const Lock guard(lock_);
  while (may_wait && jobs_.empty() && aborting_ == 0) wake_.wait(lock_);
  obey_abort();
  if (jobs_.empty()) return nullptr;
  std::unique_ptr<Job> job = std::move(jobs_.front());
  jobs_.pop_front();
  return job;
}

void World::run() {
  for (;;) {
    job_ = next(under_way_ == nullptr);
    if (!job_) {
      settle();
      continue;
    }
    const bool overlaps = job_->overlaps();
    if (!overlaps) settle();
    attempt(job_, &Job::begin);
    settle();
    if (overlaps) {
      under_way_ = std::move(job_);
    } else if (job_) {
      job_.release()->report(std::nullopt);
    }
  }
}

/** Finishes what is under way, if anything is. */
void World::settle() {
  if (under_way_) attempt(under_way_, &Job::finish);
  if (under_way_) under_way_.release()->report(std::nullopt);
}

/** A job that fails reports it, and is gone. */
void World::attempt(std::unique_ptr<Job>& job, void (Job::*act)(World&)) {
  try {
    (job.get()->*act)(*this);
  } catch (const Failure& failure) {
    job.release()->report(failure);
  } catch (const std::exception& error) {  // no memory, as a rule: the other ranks wait for this one in vain
    give_up({Fault::lost, error.what()});
  }
}

void World::give_up(const Failure& failure) {
  decided_ = true;
  for (std::unique_ptr<Job>* job : {&under_way_, &job_}) {
    if (*job) job->release()->report(failure);
  }
  for (;;) {
    if (std::unique_ptr<Job> job = next(true)) job.release()->report(failure);
  }
}

void World::start(int color) {
  check(api().init(), "MPI_Init_thread");
  started_ = true;
  check(api().size(processes_), "MPI_Comm_size");
  if (color >= 0) check(api().split(color), "MPI_Comm_split");
  decided_ = true;
  check(api().rank(rank_), "MPI_Comm_rank");
  check(api().size(size_), "MPI_Comm_size");
}

void World::end() {
  Request request;
  check(api().ibarrier(request), "MPI_Ibarrier");
  wait(request, "MPI_Ibarrier");
  started_ = false;
  check(api().finalize(), "MPI_Finalize");
}

void World::check(int error, const char* call) {
  if (error != 0) give_up({Fault::lost, std::string(call) + " failed: " + api().describe(error)});
}

void World::wait(Request& request, const char* call) {
  const auto start = Clock::now();
  const auto deadline = std::chrono::duration<double>(timeout.load());
  for (unsigned polls = 0;; ++polls) {
    obey_abort();
    bool done = false;
    check(api().test(request, done), call);
    if (done) return;
    if (polls < first_polls) continue;
    const auto waited = Clock::now() - start;
    if (waited > deadline) {
      give_up({Fault::timeout, "no answer from the other ranks in " + seconds_text(deadline.count()) + " (" + call + ")"});
    }
    if (waited < spin) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(waited < 100ms ? nap : long_nap);
    }
  }
}

}  // namespace adabelief::mpi
