// Blocks are zeros at the wanted place within a cache line, are found by any address in them, and give their memory back.
#include <unistd.h>

#include <cstdint>
#include <fstream>

#include "check.h"
#include "cpu/block.h"

using namespace adabelief;

namespace {

/** Resident memory of this process in bytes. */
[[maybe_unused]] std::size_t resident() {
  std::size_t pages = 0, total = 0;
  std::ifstream("/proc/self/statm") >> total >> pages;
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

int main() {
  for (std::size_t bytes :
       {std::size_t{0}, std::size_t{4}, std::size_t{4096}, std::size_t{70000}, std::size_t{2} << 20, std::size_t{5} << 20}) {
    for (std::size_t phase : {0u, 4u, 16u, 60u}) {
      const auto block = Block::allocate(bytes, phase);
      CHECK(block && block->bytes() == bytes, "%zu bytes at phase %zu", bytes, phase);
      const auto address = reinterpret_cast<std::uintptr_t>(block->data());
      CHECK(address % cache_line == phase, "%zu bytes lie at phase %zu, expected %zu", bytes, address % cache_line, phase);
      auto* memory = static_cast<unsigned char*>(block->data());
      for (std::size_t i = 0; i < bytes; ++i) CHECK(memory[i] == 0, "byte %zu of %zu", i, bytes);
      std::memset(memory, 1, bytes);
      if (bytes == 0) continue;
      CHECK(Block::containing(memory) == block && Block::containing(memory + bytes - 1) == block, "%zu bytes are not found",
            bytes);
      CHECK(Block::containing(memory + bytes) != block, "the byte behind %zu is found", bytes);
    }
  }
  int elsewhere = 0;
  CHECK(!Block::containing(&elsewhere), "memory that is no block is found");
  CHECK(!Block::allocate(SIZE_MAX / 2) && !Block::allocate(4, cache_line), "what cannot be had is had");

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they keep freed memory, and look for leaks themselves
  for (std::size_t bytes : {std::size_t{80000}, std::size_t{3} << 20}) {
    const std::size_t before = resident();
    for (int i = 0; i < 2000; ++i) std::memset(Block::allocate(bytes)->data(), 1, bytes);
    const std::size_t grown = resident() > before ? resident() - before : 0;
    CHECK(grown < 40 * bytes, "2000 blocks of %zu bytes left %zu behind", bytes, grown);
  }
#endif
  std::puts("blocks: zeros, in place, found, given back");
}
