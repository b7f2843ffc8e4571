// Memory on a device: our own, somebody else's, or another process's.
#pragma once

#include <memory>

#include "device.h"

namespace adabelief {

/** Floats on a device. Given back with the last owner, or earlier by `free`. Its methods may be called on any thread. */
class DeviceFloats {
 public:
  /** Zeros, written in the order of the stream. */
  static std::shared_ptr<DeviceFloats> allocate(int device, std::size_t length, cu::Stream stream);
  /** Memory that another library owns: never freed here. Throws unless it lies in one allocation on that device. */
  static std::shared_ptr<DeviceFloats> wrap(int device, cu::Pointer pointer, std::size_t length);
  /** Memory of another process; `offset` bytes into its allocation. */
  static std::shared_ptr<DeviceFloats> open(int device, const cu::IpcHandle& handle, std::size_t offset, std::size_t length);

  ~DeviceFloats();
  DeviceFloats(const DeviceFloats&) = delete;
  DeviceFloats& operator=(const DeviceFloats&) = delete;

  int device() const { return device_.ordinal(); }
  std::size_t length() const { return length_; }
  std::size_t bytes() const { return length_ * sizeof(float); }
  bool owned() const { return origin_ == Origin::owned; }
  bool disposed() const { return disposed_; }
  /** The address; null where there are no elements. */
  float* data() const { return reinterpret_cast<float*>(pointer_); }

  /** Copies to the host, and waits. */
  void read(float* into, cu::Stream stream) const;
  /** Copies from the host; `from` may be changed when it returns. */
  void write(const float* from, cu::Stream stream);
  /** Writes a value to all elements. */
  void fill(float value, cu::Stream stream);
  /** What another process opens it with, and how far into its allocation it begins, in bytes. */
  cu::IpcHandle share(std::size_t& offset) const;
  /** Gives the memory back, after all work on it. */
  void free();

 private:
  enum class Origin { owned, wrapped, opened };
  DeviceFloats(CudaDevice& device, Origin origin, std::size_t length) : device_(device), origin_(origin), length_(length) {}
  void require_usable() const;
  void give_back();

  CudaDevice& device_;
  const Origin origin_;
  const std::size_t length_;
  cu::Pointer base_ = 0;  // of what is to be given back
  cu::Pointer pointer_ = 0;
  bool disposed_ = false;
};

}  // namespace adabelief
