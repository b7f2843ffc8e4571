#include "device_buffer.h"

#include <algorithm>

namespace adabelief {

DeviceBuffer::~DeviceBuffer() { release(); }

void DeviceBuffer::release() noexcept {
  if (data_ == 0) return;
  try {
    const Current current(device_);
    device_.driver().cuMemFree_v2(data_);
  } catch (const EngineError&) {  // the device is lost, and its memory with it
  }
  data_ = 0;
  bytes_ = 0;
}

void DeviceBuffer::reserve(std::size_t bytes) {
  if (bytes <= bytes_) return;
  const std::size_t room = std::max(bytes, bytes_ + bytes_ / 2);
  cu::Pointer fresh = 0;
  device_.check(device_.driver().cuMemAlloc_v2(&fresh, room), "cuMemAlloc");
  release();
  data_ = fresh;
  bytes_ = room;
}

}  // namespace adabelief
