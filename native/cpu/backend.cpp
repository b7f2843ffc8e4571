#include "backend.h"

#include <atomic>
#include <cstring>

namespace adabelief {

namespace scalar {
extern const Loops loops;
}
#if defined(ADABELIEF_X86)
namespace avx2 {
extern const Loops loops;
}
namespace avx512 {
extern const Loops loops;
}
#endif
#if defined(ADABELIEF_ARM64)
namespace neon {
extern const Loops loops;
}
#endif

namespace {

bool always() { return true; }

#if defined(ADABELIEF_X86)
// __builtin_cpu_supports asks CPUID for the instructions and XCR0 for an operating system that saves their registers.
bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
}
#endif

const Backend table[] = {
#if defined(ADABELIEF_X86)
    {"avx512", has_avx512, &avx512::loops},
    {"avx2", has_avx2, &avx2::loops},
#endif
#if defined(ADABELIEF_ARM64)
    {"neon", always, &neon::loops},
#endif
    {"scalar", always, &scalar::loops},
};

const Backend* best() {
  const Backend* backend = table;
  while (!backend->supported()) ++backend;
  return backend;
}

std::atomic<const Backend*> chosen{nullptr};
std::atomic<const char*> ran{"none"};

Chosen find(const char* name, const Backend*& found) {
  for (const Backend& backend : table) {
    if (std::strcmp(backend.name, name) != 0) continue;
    found = &backend;
    return backend.supported() ? Chosen::yes : Chosen::unsupported;
  }
  return Chosen::unknown;
}

}  // namespace

BackendList backends() { return {table, sizeof table / sizeof *table}; }

const Backend& current_backend() {
  const Backend* backend = chosen.load(std::memory_order_acquire);
  if (backend) return *backend;
  static const Backend* const fallback = best();
  return *fallback;
}

Chosen use_backend(const char* name) {
  const Backend* backend = nullptr;
  const Chosen result = find(name, backend);
  if (result == Chosen::yes) chosen.store(backend, std::memory_order_release);
  return result;
}

Chosen use_backend_by_default(const char* name) {
  const Backend* backend = nullptr;
  const Chosen result = find(name, backend);
  const Backend* nobody = nullptr;
  if (result == Chosen::yes) chosen.compare_exchange_strong(nobody, backend);
  return result;
}

const Formula* find_formula(const Backend& backend, const char* name) {
  for (int i = 0; i < backend.loops->count; ++i) {
    if (std::strcmp(backend.loops->formulas[i].name, name) == 0) return &backend.loops->formulas[i];
  }
  return nullptr;
}

void note_ran(const char* backend) { ran.store(backend, std::memory_order_relaxed); }
const char* last_ran() { return ran.load(std::memory_order_relaxed); }

}  // namespace adabelief
