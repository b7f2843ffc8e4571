// Device memory for an engine's own use.
#pragma once

#include "device.h"

namespace adabelief {

/** A buffer that grows. */
class DeviceBuffer {
 public:
  explicit DeviceBuffer(CudaDevice& device) : device_(device) {}
  ~DeviceBuffer();
  DeviceBuffer(const DeviceBuffer&) = delete;
  DeviceBuffer& operator=(const DeviceBuffer&) = delete;

  /** Makes room for so many bytes; the contents may be lost. The context must be current. */
  void reserve(std::size_t bytes);
  cu::Pointer data() const { return data_; }
  std::size_t bytes() const { return bytes_; }

 private:
  void release() noexcept;

  CudaDevice& device_;
  cu::Pointer data_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace adabelief
