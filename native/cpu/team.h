// The threads of the process. One fork and join a step: the caller and the workers share out a list of chunks, each begins with
// its own part of the list (the same memory every time, so that caches keep it) and then helps the others.
#pragma once

#include <cstddef>

namespace adabelief {

/** Elements of a chunk: enough that fetching it costs nothing beside running it, few enough to share out small models evenly. */
constexpr std::size_t chunk_length = 4096;

/** Some chunks of a list, from `begin` to `end`. */
struct Chunks {
  std::size_t begin, end;
  bool more;  // whether the next one is this thread's as well, if nobody takes it away
};

/** Runs some chunks. Called on several threads at once, for each chunk once; must not throw. */
using RunChunks = void (*)(const void* context, Chunks chunks);

/** How many threads a step may use, the caller's among them; 1 until somebody says. */
int team_threads();
void set_team_threads(int threads);
/** The same, but only if nobody said before. */
void set_team_threads_by_default(int threads);

/** How many of them pay for work over so many elements. Waking a thread that sleeps takes longer than a step over a few hundred
 * thousand elements; where steps follow each other within 100 µs, as in no training but in many a loop, the threads are kept
 * awake. */
int threads_for(std::size_t elements);

/** The most threads that there can be. */
constexpr int max_threads = 256;

/**
 * Runs every chunk from 0 to `chunks` and returns when all are done, on at most `threads` threads. Any thread may call it. Where
 * the team is at work for somebody else, or no thread can be had, the caller runs all chunks by itself: it never waits for its
 * turn, and has all of them in one call.
 */
void run_on_team(int threads, std::size_t chunks, RunChunks run, const void* context);

}  // namespace adabelief
