#include "memory.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>

namespace adabelief {

namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20, cache_line = 64;

}  // namespace

void* map_pages(std::size_t bytes) {
  void* reserved = mmap(nullptr, bytes + huge_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (reserved == MAP_FAILED) return nullptr;
  const auto begin = reinterpret_cast<std::uintptr_t>(reserved);
  const std::uintptr_t aligned = (begin + huge_page - 1) / huge_page * huge_page;
  if (aligned > begin) munmap(reserved, aligned - begin);
  void* pages = reinterpret_cast<void*>(aligned);
  munmap(static_cast<char*>(pages) + bytes, begin + huge_page - aligned);
#if defined(MADV_HUGEPAGE)
  madvise(pages, bytes, MADV_HUGEPAGE);
#endif
  return pages;
}

void unmap_pages(void* pages, std::size_t bytes) { munmap(pages, bytes); }

void* allocate_lines(std::size_t bytes) {
  void* lines = nullptr;  // macOS has aligned_alloc from 10.15 on only
  return posix_memalign(&lines, cache_line, bytes) == 0 ? lines : nullptr;
}

void free_lines(void* lines) { std::free(lines); }

}  // namespace adabelief
