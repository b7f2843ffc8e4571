#include "block.h"

#include "team.h"

#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <new>

namespace adabelief {

namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20;

std::uintptr_t address(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }
std::size_t round_up(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit * unit; }

/** The blocks that live, by their first address. Never destroyed: blocks may end after everything else. */
struct Registry {
  std::mutex mutex;
  std::map<std::uintptr_t, std::weak_ptr<Block>> blocks;
};

Registry& registry() {
  static Registry* const instance = new Registry;
  return *instance;
}

/** Bytes from the beginning of a page to that of a block, other ones for one block than for the next: where a step's arrays lie
 * at the same place within their pages, its loads wait for stores to addresses that only look the same (their low 12 bits). Never
 * 0, which is about where other allocators begin. */
std::size_t stagger(std::size_t bytes) {
  constexpr std::size_t small = 16384, distance = 512, places = 4096 / distance;
  static std::atomic<std::size_t> count{0};
  return bytes < small ? 0 : (1 + count.fetch_add(1, std::memory_order_relaxed) % (places - 1)) * distance;
}

/** Zero pages that begin at a huge page's boundary, for the system to back with huge pages when they are touched. */
void* map_pages(std::size_t bytes) {
  void* reserved = mmap(nullptr, bytes + huge_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (reserved == MAP_FAILED) return nullptr;
  const std::uintptr_t begin = address(reserved), aligned = round_up(begin, huge_page);
  if (aligned > begin) munmap(reserved, aligned - begin);
  void* pages = reinterpret_cast<void*>(aligned);
  munmap(static_cast<char*>(pages) + bytes, begin + huge_page - aligned);
#if defined(MADV_HUGEPAGE)
  madvise(pages, bytes, MADV_HUGEPAGE);
#endif
  return pages;
}

/** Makes the system provide the pages of one huge page's range, by writing: a read would map its shared page of zeros, and the
 * write that follows would then cost a second fault for every small page. */
void touch(const void* pages, Chunks chunks) {
  constexpr std::size_t small_page = 4096;
  const auto memory = static_cast<volatile char*>(const_cast<void*>(pages));
  for (std::size_t offset = chunks.begin * huge_page; offset < chunks.end * huge_page; offset += small_page) memory[offset] = 0;
}

}  // namespace

std::shared_ptr<Block> Block::allocate(std::size_t bytes, std::size_t phase) {
  constexpr std::size_t most = SIZE_MAX / 4;
  if (bytes > most || phase >= cache_line) return nullptr;
  const std::size_t offset = stagger(bytes) + phase, needed = bytes + offset;
  const bool large = needed >= huge_page;
  const std::size_t mapped = large ? round_up(needed, huge_page) : 0;
  void* base = large ? map_pages(mapped) : std::aligned_alloc(cache_line, round_up(needed + 1, cache_line));
  if (!base) return nullptr;
  if (large) {
    run_on_team(threads_for(needed / sizeof(float)), mapped / huge_page, touch, base);
  } else {
    std::memset(base, 0, needed);
  }
  const std::shared_ptr<Block> block(new Block(base, mapped, static_cast<char*>(base) + offset, bytes));
  const std::lock_guard<std::mutex> lock(registry().mutex);
  registry().blocks[address(block->data_)] = block;
  return block;
}

std::shared_ptr<Block> Block::containing(const void* pointer) {
  const std::lock_guard<std::mutex> lock(registry().mutex);
  auto& blocks = registry().blocks;
  auto after = blocks.upper_bound(address(pointer));
  if (after == blocks.begin()) return nullptr;
  std::shared_ptr<Block> block = std::prev(after)->second.lock();
  const bool inside = block && address(pointer) < address(block->data_) + block->bytes_;
  return inside ? block : nullptr;
}

Block::~Block() {
  {
    const std::lock_guard<std::mutex> lock(registry().mutex);
    registry().blocks.erase(address(data_));
  }
  if (mapped_ > 0) {
    munmap(base_, mapped_);
  } else {
    std::free(base_);
  }
}

}  // namespace adabelief
