// What tests may tell the mock driver, and ask it.
#pragma once

#include <map>
#include <string>

#include "exports.h"

namespace adabelief {
namespace mock_driver {

#define ADABELIEF_CONTROL ADABELIEF_EXPORTED

/** Lets a call answer with `result`, and do nothing, `times` times after the next `after` ones. */
ADABELIEF_CONTROL void fail(const std::string& call, int after, int times, cu::Result result);
/** From now on every call on a device answers with `result`; on every device, if it is −1. */
ADABELIEF_CONTROL void lose(cu::Result result, int device = -1);
/** As it was at the beginning, but for what is allocated. */
ADABELIEF_CONTROL void reset();
/** How often each call was made since `reset`. */
ADABELIEF_CONTROL std::map<std::string, int> counts();

struct Live {
  int allocations, opened, events, modules, pinned;  // `opened`: of other processes
  int context_depth;                                 // of all threads' stacks
  std::size_t bytes;
};
ADABELIEF_CONTROL Live live();

ADABELIEF_CONTROL void set_devices(int count);
ADABELIEF_CONTROL void set_driver_version(int version);
/** 75 is 7.5. */
ADABELIEF_CONTROL void set_compute_capability(int device, int capability);
/** Whether kernels run from the last thread of the last block on. */
ADABELIEF_CONTROL void set_backwards(bool backwards);
/** Whether a handle may be opened in the process that made it, which NVIDIA's driver refuses. */
ADABELIEF_CONTROL void set_ipc_within_process(bool allowed);

// What another library in the process would do.

ADABELIEF_CONTROL cu::Pointer allocate(int device, std::size_t bytes);
ADABELIEF_CONTROL bool free(cu::Pointer memory);
ADABELIEF_CONTROL cu::Stream make_stream(int device);
/** Makes a device's context the calling thread's current one; false if there is no such device. */
ADABELIEF_CONTROL bool push_context(int device);
ADABELIEF_CONTROL bool pop_context();
/** The device whose context is current on the calling thread; −1: none is. */
ADABELIEF_CONTROL int current_device();

}  // namespace mock_driver
}  // namespace adabelief
