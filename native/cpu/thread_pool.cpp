#include "thread_pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <system_error>
#include <thread>

#include "../core/float_environment.h"
#include "../platform/mutex.h"

namespace adabelief {

namespace {

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/** About 20 µs: longer than the pause between two steps in a row, and too short to waste much processor time. */
constexpr int spins_before_sleep = 1000;
/** After this many, the thread that is waited for has lost its core: give ours away. */
constexpr int spins_before_yield = 200;

std::atomic<int> wanted_threads{0};  // 0: nobody has said yet

/** When a run ended last, in nanoseconds. */
std::atomic<std::int64_t> last_end{0};

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/** One thread's part of the chunks; others take from it as well, once theirs is empty. */
struct alignas(64) Share {
  std::atomic<std::size_t> next{0};
  std::size_t end = 0;
};

class ThreadPool {
 public:
  /** False if the pool is busy for another caller. */
  bool try_run(int threads, std::size_t chunks, RunChunks run, const void* context) {
    if (taken_.exchange(true, std::memory_order_acquire)) return false;
    threads = std::min(threads, 1 + hire(threads - 1));
    for (int i = 0; i < threads; ++i) {
      const auto part = static_cast<std::size_t>(i), parts = static_cast<std::size_t>(threads);
      shares_[i].next.store(chunks * part / parts, std::memory_order_relaxed);
      shares_[i].end = chunks * (part + 1) / parts;
    }
    run_ = run;
    context_ = context;
    threads_ = threads;
    open_.store(true);
    epoch_.fetch_add(1);
    if (sleeping_.load() > 0) {
      const Lock lock(sleep_);
      wake_.wake_all();
    }
    work(0);
    // Workers enter before they check that the job is open. This closes the job before it checks who is inside: none is missed.
    open_.store(false);
    for (int spins = 0; inside_.load() > 0; ++spins) {
      if (spins < spins_before_yield) {
        relax();
      } else {
        std::this_thread::yield();
      }
    }
    taken_.store(false, std::memory_order_release);
    return true;
  }

  /** Makes workers until there are `count`, unless a caller is at work. */
  void fill(int count) {
    if (taken_.exchange(true, std::memory_order_acquire)) return;
    hire(count);
    taken_.store(false, std::memory_order_release);
  }

 private:
  /** Makes sure that there are `count` workers; returns how many there are. */
  int hire(int count) {
    for (; workers_ < count; ++workers_) {
      try {
        std::thread(&ThreadPool::serve, this, workers_ + 1).detach();
      } catch (const std::system_error&) {
        break;
      }
    }
    return workers_;
  }

  /** The life of a worker: it ends with the process. */
  void serve(int me) {
    const FloatEnvironment environment;
    unsigned seen = 0;
    for (;;) {
      seen = await(seen);
      inside_.fetch_add(1);
      if (open_.load() && me < threads_) work(me);
      inside_.fetch_sub(1);
    }
  }

  unsigned await(unsigned seen) {
    for (int spins = 0; spins < spins_before_sleep; ++spins) {
      const unsigned now = epoch_.load();
      if (now != seen) return now;
      relax();
    }
    const Lock lock(sleep_);
    sleeping_.fetch_add(1);
    while (epoch_.load() == seen) wake_.wait(sleep_);
    sleeping_.fetch_sub(1);
    return epoch_.load();
  }

  void work(int me) {
    for (int k = 0; k < threads_; ++k) {
      Share& share = shares_[(me + k) % threads_];
      for (std::size_t chunk; (chunk = share.next.fetch_add(1, std::memory_order_relaxed)) < share.end;) {
        run_(context_, {chunk, chunk + 1, chunk + 1 < share.end});
      }
    }
  }

  std::atomic<bool> taken_{false};  // by the caller at work
  int workers_ = 0;
  Share shares_[max_threads];
  RunChunks run_ = nullptr;
  const void* context_ = nullptr;
  int threads_ = 0;
  std::atomic<bool> open_{false};
  std::atomic<int> inside_{0};
  std::atomic<unsigned> epoch_{0};
  std::atomic<int> sleeping_{0};
  Mutex sleep_;
  Condition wake_;
};

/** Never destroyed: its workers may still look at it while the process ends. */
ThreadPool& pool() {
  static ThreadPool* const instance = new ThreadPool;
  return *instance;
}

}  // namespace

int pool_threads() { return std::max(1, wanted_threads.load(std::memory_order_relaxed)); }
void set_pool_threads(int threads) { wanted_threads.store(std::clamp(threads, 1, max_threads), std::memory_order_relaxed); }

void set_pool_threads_by_default(int threads) {
  int nobody = 0;
  wanted_threads.compare_exchange_strong(nobody, std::clamp(threads, 1, max_threads));
}

void make_pool_threads() { pool().fill(std::min(pool_threads(), max_threads) - 1); }

int threads_for(std::size_t elements) {
  constexpr std::size_t least = 32768, least_asleep = 400000;
  if (elements < 2 * least) return 1;
  const bool awake = now() - last_end.load(std::memory_order_relaxed) < 100000;
  const std::size_t threads = elements / (awake ? least : least_asleep);
  return static_cast<int>(std::clamp<std::size_t>(threads, 1, static_cast<std::size_t>(pool_threads())));
}

void run_on_pool(int threads, std::size_t chunks, RunChunks run, const void* context) {
  threads = std::min(threads, max_threads);
  if (threads > 1 && chunks > 1 && pool().try_run(threads, chunks, run, context)) {
    last_end.store(now(), std::memory_order_relaxed);
    return;
  }
  if (chunks > 0) run(context, {0, chunks, false});
  if (chunks > 1) last_end.store(now(), std::memory_order_relaxed);
}

}  // namespace adabelief
