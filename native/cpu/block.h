// Memory that is fast to stream: zeros from the system, on huge pages where it gives them, at a chosen place within a cache line.
#pragma once

#include <cstddef>
#include <memory>

namespace adabelief {

constexpr std::size_t cache_line = 64;

/** A piece of memory with an owner count of its own: JavaScript's array holds one share, a step that is under way another. */
class Block {
 public:
  /** Zeros, `phase` bytes after a cache line's beginning, first touched by the team; null where there is no memory. */
  static std::shared_ptr<Block> allocate(std::size_t bytes, std::size_t phase = 0);
  /** The block that an address lies in, if it is memory of this kind. */
  static std::shared_ptr<Block> containing(const void* address);

  ~Block();
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  void* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }

 private:
  Block(void* base, std::size_t mapped, void* data, std::size_t bytes)
      : base_(base), mapped_(mapped), data_(data), bytes_(bytes) {}

  void* base_;
  std::size_t mapped_;  // 0: from the heap
  void* data_;
  std::size_t bytes_;
};

}  // namespace adabelief
