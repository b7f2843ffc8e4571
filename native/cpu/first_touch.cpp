#include "first_touch.h"

#include "../core/aligned_buffer.h"
#include "thread_pool.h"

namespace adabelief {

namespace {

void touch_huge_pages(const void* memory, Chunks chunks) {
  constexpr std::size_t page = 4096;
  const auto bytes = static_cast<volatile char*>(const_cast<void*>(memory));
  for (std::size_t offset = chunks.begin * huge_page; offset < chunks.end * huge_page; offset += page) bytes[offset] = 0;
}

}  // namespace

void touch_on_pool(void* memory, std::size_t bytes) {
  run_on_pool(threads_for(bytes / sizeof(float)), bytes / huge_page, touch_huge_pages, memory);
}

}  // namespace adabelief
