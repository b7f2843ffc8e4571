// Prefetching: memory that is needed soon is brought into the caches. Processors prefetch by themselves, but start again in every
// page, and a step reads four arrays or more at once. Prefetching an address without memory has no effect.
#pragma once

#include <stddef.h>

#include "../update/arithmetic.h"

namespace adabelief {
namespace ADABELIEF_SET {

/** The floats of a cache line. */
constexpr size_t line = 16;

/** Prefetches the line at an address. On x86 the compiler may reorder its builtin. Lines of one array would then be asked for
 * before lines of another that are needed earlier, which costs a step up to a tenth. */
ADABELIEF_INLINE void prefetch_line(uintptr_t address) {
  const char* at = reinterpret_cast<const char*>(address);
#if defined(__x86_64__)
  asm volatile("prefetcht0 %0" : : "m"(*at));
#else
  __builtin_prefetch(at);
#endif
}

}  // namespace ADABELIEF_SET
}  // namespace adabelief
