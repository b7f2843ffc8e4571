// What CPUID and XCR0 say equals what the compiler's own library says.
#include "check.h"

#if defined(__x86_64__)

#include "cpu/x86_features.h"

int main() {
  const auto [avx2, avx512] = adabelief::x86_features();
  const bool wanted_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool wanted_avx512 = wanted_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
  CHECK(avx2 == wanted_avx2, "avx2 is %d, expected %d", avx2, wanted_avx2);
  CHECK(avx512 == wanted_avx512, "avx512 is %d, expected %d", avx512, wanted_avx512);
  std::printf("features: avx2 %d, avx512 %d\n", avx2, avx512);
}

#else

int main() { std::puts("SKIPPED, not passed: CPUID is x86's"); }

#endif
