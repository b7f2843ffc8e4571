#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "background.h"

namespace adabelief {

namespace {

/** As the kernel has it: older C libraries do not declare it. */
struct Attributes {
  std::uint32_t size, policy;
  std::uint64_t flags;
  std::int32_t nice;
  std::uint32_t priority;
  std::uint64_t runtime, deadline, period;
};

/**
 * How long the thread keeps its core at least, in nanoseconds. A thread that wakes up within this time waits for the system's
 * next tick, up to 4 ms. Kernels before 6.12 have one time for all.
 */
constexpr std::uint64_t slice = 200'000;

/** How much nicer it is than others. Without this it would often be chosen before the event loop: a short slice comes first. */
constexpr std::int32_t nicer = 5, nicest = 19;

}  // namespace

void enter_background() {
  Attributes attributes{};
  if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return;
  if (attributes.policy != SCHED_OTHER) return;  // the user chose another policy
  attributes.size = sizeof attributes;
  attributes.policy = SCHED_BATCH;
  attributes.nice = std::min(attributes.nice + nicer, nicest);
  attributes.runtime = slice;
  syscall(SYS_sched_setattr, 0, &attributes, 0);
}

}  // namespace adabelief
