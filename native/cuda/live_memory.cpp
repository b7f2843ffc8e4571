#include "live_memory.h"

#include <cstring>

namespace adabelief {

LiveMemory::~LiveMemory() {
  if (!copied_) return;
  try {
    const Current current(device_);
    release();
    device_.driver().cuEventDestroy_v2(copied_);
  } catch (const EngineError&) {  // the device is lost
  }
}

void LiveMemory::release() noexcept {
  if (pinned_) device_.driver().cuMemFreeHost(pinned_);
  pinned_ = nullptr;
  room_ = 0;
}

void LiveMemory::reserve(std::size_t bytes) {
  if (!copied_) device_.check(device_.driver().cuEventCreate(&copied_, cu::event_without_timing), "cuEventCreate");
  device_.check(device_.driver().cuEventSynchronize(copied_), "cuEventSynchronize");
  if (bytes <= room_) return;
  release();
  device_.check(device_.driver().cuMemHostAlloc(&pinned_, bytes, 0), "cuMemHostAlloc");
  room_ = bytes;
}

bool LiveMemory::agrees(const DeviceSteps& at, const LiveSet* sets, std::size_t count) const {
  if (at.number != there_ || count * sizeof(LiveSet) > last_.size()) return false;
  const auto* there = reinterpret_cast<const LiveSet*>(last_.data());
  for (std::size_t k = 0; k < count; ++k) {
    const LiveSet &a = there[k], &b = sets[k];
    if (a.variant != b.variant || a.other != b.other || a.stages != b.stages) return false;
  }
  return true;
}

bool LiveMemory::write(const DeviceSteps& to, const LiveSet* from, std::size_t count, cu::Stream stream) {
  const std::size_t bytes = count * sizeof(LiveSet);
  if (to.number == there_ && bytes <= last_.size() && std::memcmp(last_.data(), from, bytes) == 0) return false;
  reserve(bytes);
  std::memcpy(pinned_, from, bytes);
  there_ = 0;  // until it is
  const Driver& driver = device_.driver();
  device_.check(driver.cuMemcpyHtoDAsync_v2(reinterpret_cast<cu::Pointer>(to.sets), pinned_, bytes, stream), "cuMemcpyHtoDAsync");
  device_.check(driver.cuEventRecord(copied_, stream), "cuEventRecord");
  const auto* begin = reinterpret_cast<const char*>(from);
  last_.assign(begin, begin + bytes);
  there_ = to.number;
  return true;
}

}  // namespace adabelief
