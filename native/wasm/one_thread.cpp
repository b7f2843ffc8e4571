// The thread pool of WebAssembly, which has one thread; and memory for the C++ library.
#include <cstdlib>
#include <new>

#include "../cpu/thread_pool.h"
#include "imports.h"

namespace adabelief {

int pool_threads() { return 1; }
void set_pool_threads(int) {}
void set_pool_threads_by_default(int) {}
int threads_for(std::size_t) { return 1; }

void run_on_pool(int, std::size_t chunks, RunChunks run, const void* context) {
  if (chunks > 0) run(context, {0, chunks, false});
}

}  // namespace adabelief

// A vector that cannot grow stays as it was: the library allocates before it changes anything.
void* operator new(std::size_t bytes) {
  void* memory = std::malloc(bytes);
  if (!memory) import_out_of_memory(bytes);
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

// Fatal errors of the C++ library trap: printing its messages would need file functions.
extern "C" {
[[noreturn]] void* __cxa_allocate_exception(std::size_t) { __builtin_trap(); }
[[noreturn]] void __cxa_throw(void*, void*, void (*)(void*)) { __builtin_trap(); }
[[noreturn]] void __cxa_pure_virtual() { __builtin_trap(); }
void abort() { __builtin_trap(); }
[[noreturn]] void abort_message(const char*, ...) { __builtin_trap(); }
}

_LIBCPP_BEGIN_NAMESPACE_STD
[[noreturn]] void __libcpp_verbose_abort(const char*, ...) { __builtin_trap(); }
_LIBCPP_END_NAMESPACE_STD
