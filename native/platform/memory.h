// Memory from the operating system. Each system has a file of its own.
#pragma once

#include <cstddef>

namespace adabelief {

/** Pages of zeros, a multiple of 2 MiB, that begin at such a multiple where the system has huge pages for them. Null where there
 * is no memory. */
void* map_pages(std::size_t bytes);
void unmap_pages(void* pages, std::size_t bytes);

/** Memory from the heap that begins at a cache line, with any contents. `bytes` is a multiple of a cache line. Null where there
 * is none. */
void* allocate_lines(std::size_t bytes);
void free_lines(void* lines);

}  // namespace adabelief
