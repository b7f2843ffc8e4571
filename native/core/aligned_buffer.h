// Memory that is fast to stream: zeros from the system, on huge pages where it has them, at a chosen place within a cache line.
#pragma once

#include <cstddef>
#include <memory>

namespace adabelief {

constexpr std::size_t cache_line = 64;

constexpr std::size_t huge_page = std::size_t{2} << 20;

/** Touches fresh memory for the first time, so that the system provides it: `bytes` is a multiple of `huge_page`. */
using FirstTouch = void (*)(void* memory, std::size_t bytes);

/** Memory with an owner count of its own: JavaScript's array holds one share, a step on another thread holds another one. */
class AlignedBuffer {
 public:
  /** Zeros, `phase` bytes after the beginning of a cache line; null where there is no memory. */
  static std::shared_ptr<AlignedBuffer> allocate(std::size_t bytes, std::size_t phase, FirstTouch touch);
  /** The buffer that an address lies in, or null for other memory. */
  static std::shared_ptr<AlignedBuffer> containing(const void* address);

  ~AlignedBuffer();
  AlignedBuffer(const AlignedBuffer&) = delete;
  AlignedBuffer& operator=(const AlignedBuffer&) = delete;

  void* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }

 private:
  AlignedBuffer(void* base, std::size_t mapped, void* data, std::size_t bytes)
      : base_(base), mapped_(mapped), data_(data), bytes_(bytes) {}

  void* base_;
  std::size_t mapped_;  // 0: from the heap
  void* data_;
  std::size_t bytes_;
};

}  // namespace adabelief
