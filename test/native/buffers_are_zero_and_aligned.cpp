// Buffers are zeros at the wanted place within a cache line, are found by any address in them, and give their memory back.
#if defined(__linux__)
#include <unistd.h>
#endif

#include <atomic>
#include <cstdint>
#include <fstream>
#include <thread>

#include "check.h"
#include "core/aligned_buffer.h"
#include "cpu/first_touch.h"

using namespace adabelief;

namespace {

#if defined(__linux__)
/** Resident memory of this process in bytes. */
[[maybe_unused]] std::size_t resident() {
  std::size_t pages = 0, total = 0;
  std::ifstream("/proc/self/statm") >> total >> pages;
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}
#endif

/** Ends buffers while another thread looks for what lies behind them. That look may hold the last reference. */
void end_while_looked_for() {
  std::atomic<const void*> latest{nullptr};
  std::atomic<bool> done{false};
  std::thread looker([&] {
    while (!done) AlignedBuffer::containing(latest);
  });
  for (int i = 0; i < 200000; ++i) {
    const auto buffer = AlignedBuffer::allocate(64, 0, touch_on_pool);
    latest = static_cast<const char*>(buffer->data()) + buffer->bytes();
    for (int pause = i % 400; pause > 0; --pause) latest = latest.load();  // ends at any moment of the other thread's look
  }
  done = true;
  looker.join();
}

}  // namespace

int main() {
  for (std::size_t bytes :
       {std::size_t{0}, std::size_t{4}, std::size_t{4096}, std::size_t{70000}, std::size_t{2} << 20, std::size_t{5} << 20}) {
    for (std::size_t phase : {0u, 4u, 16u, 60u}) {
      const auto buffer = AlignedBuffer::allocate(bytes, phase, touch_on_pool);
      REQUIRE(buffer && buffer->bytes() == bytes, "%zu bytes at phase %zu", bytes, phase);
      const auto address = reinterpret_cast<std::uintptr_t>(buffer->data());
      CHECK(address % cache_line == phase, "%zu bytes lie at phase %zu, expected %zu", bytes, address % cache_line, phase);
      auto* memory = static_cast<unsigned char*>(buffer->data());
      for (std::size_t i = 0; i < bytes; ++i) CHECK(memory[i] == 0, "byte %zu of %zu", i, bytes);
      std::memset(memory, 1, bytes);
      if (bytes == 0) continue;
      CHECK(AlignedBuffer::containing(memory) == buffer && AlignedBuffer::containing(memory + bytes - 1) == buffer,
            "%zu bytes are not found", bytes);
      CHECK(AlignedBuffer::containing(memory + bytes) != buffer, "the byte behind %zu is found", bytes);
    }
  }
  int elsewhere = 0;
  CHECK(!AlignedBuffer::containing(&elsewhere), "memory that is no buffer is found");
  CHECK(!AlignedBuffer::allocate(SIZE_MAX / 2, 0, touch_on_pool) && !AlignedBuffer::allocate(4, cache_line, touch_on_pool),
        "what cannot be had is had");

#if !defined(__linux__)
  std::puts("SKIPPED, not passed: that memory is given back, which is read from /proc");
#elif !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they keep freed memory, and look for leaks themselves
  for (std::size_t bytes : {std::size_t{80000}, std::size_t{3} << 20}) {
    const std::size_t before = resident();
    for (int i = 0; i < 2000; ++i) std::memset(AlignedBuffer::allocate(bytes, 0, touch_on_pool)->data(), 1, bytes);
    const std::size_t grown = resident() > before ? resident() - before : 0;
    CHECK(grown < 40 * bytes, "2000 buffers of %zu bytes left %zu behind", bytes, grown);
  }
#endif
  end_while_looked_for();
  std::puts("buffers: zeros, in place, found, given back");
}
