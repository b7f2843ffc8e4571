// Memory that is needed soon, brought into the caches beforehand. Processors do that by themselves, but begin anew in every page,
// and a step reads four arrays or more at once. A line that does not exist is left alone.
#pragma once

#include <stddef.h>

#include "../update/arithmetic.h"

namespace adabelief {
namespace ADABELIEF_SET {

/** The floats of a cache line. */
constexpr size_t line = 16;

/** Brings the line at an address. On x86 not with the compiler's builtin, which comes in any order: a step over memory takes up
 * to a tenth more where one array's lines are asked for before another's that are needed earlier. */
ADABELIEF_INLINE void fetch_line(uintptr_t address) {
  const char* at = reinterpret_cast<const char*>(address);
#if defined(__x86_64__)
  asm volatile("prefetcht0 %0" : : "m"(*at));
#else
  __builtin_prefetch(at);
#endif
}

}  // namespace ADABELIEF_SET
}  // namespace adabelief
