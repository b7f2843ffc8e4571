// The kernels, compiled for the host, by the names that they have on a device.
#pragma once

#include <functional>
#include <string>

#include "cuda/launch.h"

namespace adabelief {
namespace mock_driver {

/** Gives the bytes behind so many of a device's; null where that device has no such memory. */
using Translate = std::function<void*(const void* begin, std::size_t bytes)>;

struct Here;  // of cuda/sums.h

/** One thread of a kernel. */
using Run = void (*)(const Launch&, const Here&);

/** What runs in place of a kernel that was compiled from its source: that kernel, or the translation of its PTX. Null: there is
 * none. */
Run replaced(const std::string& name, Run compiled);

struct HostKernel;

/** The kernel with that name, or null. */
const HostKernel* find_kernel(const char* name);

/** Runs all blocks of threads one after the other, from the last one on if that is asked for: no order may matter. False, and
 * nothing was run, where a thread would leave the device's memory. */
bool run_kernel(const HostKernel& kernel, const Launch& launch, unsigned blocks, unsigned threads, bool backwards,
                const Translate& translate);

}  // namespace mock_driver
}  // namespace adabelief
