#include "aligned_buffer.h"

#include <atomic>
#include <cstdint>
#include <cstring>
#include <map>
#include <new>

#include "../platform/memory.h"
#include "../platform/mutex.h"

namespace adabelief {

namespace {

std::uintptr_t address(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }
std::size_t round_up(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit * unit; }

/** The living buffers, by their first address. Never destroyed: a buffer may end after everything else. */
struct Registry {
  Mutex mutex;
  std::map<std::uintptr_t, std::weak_ptr<AlignedBuffer>> buffers;
};

Registry& registry() {
  static Registry* const instance = new Registry;
  return *instance;
}

/** Where in its page a buffer begins, in bytes. It differs from buffer to buffer: where a step's arrays lie at the same place
 * within their pages, loads wait for stores to addresses with the same low 12 bits. Never 0, because other allocators begin
 * there. */
std::size_t stagger(std::size_t bytes) {
  constexpr std::size_t small = 16384, distance = 512, places = 4096 / distance;
  static std::atomic<std::size_t> count{0};
  return bytes < small ? 0 : (1 + count.fetch_add(1, std::memory_order_relaxed) % (places - 1)) * distance;
}

}  // namespace

std::shared_ptr<AlignedBuffer> AlignedBuffer::allocate(std::size_t bytes, std::size_t phase, FirstTouch touch) {
  constexpr std::size_t most = SIZE_MAX / 4;
  if (bytes > most || phase >= cache_line) return nullptr;
  const std::size_t offset = stagger(bytes) + phase, needed = bytes + offset;
  const bool large = needed >= huge_page;
  const std::size_t mapped = large ? round_up(needed, huge_page) : 0;
  void* base = large ? map_pages(mapped) : allocate_lines(round_up(needed + 1, cache_line));
  if (!base) return nullptr;
  if (large) {
    touch(base, mapped);
  } else {
    std::memset(base, 0, needed);
  }
  const std::shared_ptr<AlignedBuffer> buffer(new AlignedBuffer(base, mapped, static_cast<char*>(base) + offset, bytes));
  const Lock lock(registry().mutex);
  registry().buffers[address(buffer->data_)] = buffer;
  return buffer;
}

std::shared_ptr<AlignedBuffer> AlignedBuffer::containing(const void* pointer) {
  std::shared_ptr<AlignedBuffer> buffer;  // outlives the lock: as the last owner it ends the buffer, which takes the lock too
  const Lock lock(registry().mutex);
  auto& buffers = registry().buffers;
  auto after = buffers.upper_bound(address(pointer));
  if (after == buffers.begin()) return nullptr;
  buffer = std::prev(after)->second.lock();
  const bool inside = buffer && address(pointer) < address(buffer->data_) + buffer->bytes_;
  return inside ? buffer : nullptr;
}

AlignedBuffer::~AlignedBuffer() {
  {
    const Lock lock(registry().mutex);
    registry().buffers.erase(address(data_));
  }
  if (mapped_ > 0) {
    unmap_pages(base_, mapped_);
  } else {
    free_lines(base_);
  }
}

}  // namespace adabelief
