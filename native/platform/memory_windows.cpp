#include "memory.h"

#include <malloc.h>

#include "windows.h"

namespace adabelief {

// Windows gives huge pages only to accounts with a privilege that hardly any has.
void* map_pages(std::size_t bytes) { return VirtualAlloc(nullptr, bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE); }
void unmap_pages(void* pages, std::size_t) { VirtualFree(pages, 0, MEM_RELEASE); }

void* allocate_lines(std::size_t bytes) { return _aligned_malloc(bytes, 64); }
void free_lines(void* lines) { _aligned_free(lines); }

}  // namespace adabelief
