// The threads of the process. One fork and join a step: the caller and the workers share a list of chunks. Each begins with its
// own part of the list, the same memory every time, so that caches keep it. Then it helps the others.
#pragma once

#include <cstddef>

namespace adabelief {

/** Elements of a chunk: enough that taking one costs nothing beside running it, few enough to divide small models evenly. */
constexpr std::size_t chunk_length = 4096;

/** Some chunks of a list, from `begin` to `end`. */
struct Chunks {
  std::size_t begin, end;
  bool more;  // whether the next chunk belongs to this thread as well
};

/** Runs some chunks. Called on several threads at once, for each chunk once; must not throw. */
using RunChunks = void (*)(const void* context, Chunks chunks);

/** How many threads a step may use, with the caller's; 1 until it is set. */
int pool_threads();
void set_pool_threads(int threads);
/** The same, but only if it was not set before. */
void set_pool_threads_by_default(int threads);

/** Makes the threads that steps may use, if they do not exist yet. A thread in the background must not be the one that makes
 * them. */
void make_pool_threads();

/** How many threads are worth waking for this many elements. Waking a sleeping thread takes longer than a step over a few hundred
 * thousand elements. Threads stay awake while steps follow each other within 100 µs, which happens in benchmarks. */
int threads_for(std::size_t elements);

/** The most threads that there can be. */
constexpr int max_threads = 256;

/**
 * Runs every chunk from 0 to `chunks` on at most `threads` threads, and returns when all are done. Any thread may call it. If the
 * pool is busy for another caller, or no thread can be started, the caller runs all chunks itself, in one call: it never waits
 * for its turn.
 */
void run_on_pool(int threads, std::size_t chunks, RunChunks run, const void* context);

}  // namespace adabelief
