#include "backend.h"

#include <atomic>
#include <cstring>

#if defined(ADABELIEF_X86)
#include "x86_features.h"
#endif

namespace adabelief {

#if defined(__wasm__)
namespace wasm {
extern const Kernels kernels;
}
#else
namespace scalar {
extern const Kernels kernels;
}
#endif
#if defined(ADABELIEF_X86)
namespace avx2 {
extern const Kernels kernels;
}
namespace avx512 {
extern const Kernels kernels;
}
#endif
#if defined(ADABELIEF_ARM64)
namespace neon {
extern const Kernels kernels;
}
#endif

namespace {

bool always() { return true; }

#if defined(ADABELIEF_X86)
bool has_avx2() { return x86_features().avx2; }
bool has_avx512() { return x86_features().avx512; }
#endif

const Backend table[] = {
#if defined(ADABELIEF_X86)
    {"avx512", has_avx512, &avx512::kernels},
    {"avx2", has_avx2, &avx2::kernels},
#endif
#if defined(ADABELIEF_ARM64)
    {"neon", always, &neon::kernels},
#endif
#if defined(__wasm__)
    {"wasm", always, &wasm::kernels},
#else
    {"scalar", always, &scalar::kernels},
#endif
};

const Backend* best() {
  const Backend* backend = table;
  while (!backend->supported()) ++backend;
  return backend;
}

std::atomic<const Backend*> chosen{nullptr};
std::atomic<const char*> ran{"none"};

BackendChoice find(const char* name, const Backend*& found) {
  for (const Backend& backend : table) {
    if (std::strcmp(backend.name, name) != 0) continue;
    found = &backend;
    return backend.supported() ? BackendChoice::chosen : BackendChoice::unsupported;
  }
  return BackendChoice::unknown;
}

}  // namespace

BackendList backends() { return {table, sizeof table / sizeof *table}; }

const Backend& current_backend() {
  const Backend* backend = chosen.load(std::memory_order_acquire);
  if (backend) return *backend;
  static const Backend* const fallback = best();
  return *fallback;
}

BackendChoice use_backend(const char* name) {
  const Backend* backend = nullptr;
  const BackendChoice result = find(name, backend);
  if (result == BackendChoice::chosen) chosen.store(backend, std::memory_order_release);
  return result;
}

BackendChoice use_backend_by_default(const char* name) {
  const Backend* backend = nullptr;
  const BackendChoice result = find(name, backend);
  const Backend* nobody = nullptr;
  if (result == BackendChoice::chosen) chosen.compare_exchange_strong(nobody, backend);
  return result;
}

void note_ran(const char* backend) { ran.store(backend, std::memory_order_relaxed); }
const char* last_ran() { return ran.load(std::memory_order_relaxed); }

}  // namespace adabelief
