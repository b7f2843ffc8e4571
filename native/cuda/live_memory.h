// How what the host knows of a step's sets reaches a device: through pinned memory, in the order of a stream.
#pragma once

#include <cstddef>
#include <vector>

#include "../core/program.h"
#include "device.h"

namespace adabelief {

class LiveMemory {
 public:
  explicit LiveMemory(CudaDevice& device) : device_(device) {}
  ~LiveMemory();
  LiveMemory(const LiveMemory&) = delete;
  LiveMemory& operator=(const LiveMemory&) = delete;

  /** Copies sets to the device, unless it has them. Waits until an earlier copy has left the pinned memory, and for nothing else.
   * The context must be current. Returns whether anything was copied. */
  bool write(const DeviceSteps& to, const LiveSet* from, std::size_t count, cu::Stream stream);

  /** Whether what the device has leads to the same launches. */
  bool agrees(const DeviceSteps& at, const LiveSet* sets, std::size_t count) const;

 private:
  void reserve(std::size_t bytes);
  void release() noexcept;

  CudaDevice& device_;
  void* pinned_ = nullptr;
  std::size_t room_ = 0;
  cu::Event copied_ = nullptr;
  std::vector<char> last_;   // what the device has
  std::uint64_t there_ = 0;  // in the memory of this number; 0: in none
};

}  // namespace adabelief
