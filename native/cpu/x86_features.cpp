#include "x86_features.h"

#include <cpuid.h>

#include <cstdint>

namespace adabelief {

namespace {

constexpr bool all(std::uint64_t value, std::uint64_t bits) { return (value & bits) == bits; }

/** Which registers the operating system saves. Only for processors with OSXSAVE. */
std::uint64_t read_xcr0() {
  std::uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return std::uint64_t{high} << 32 | low;
}

X86Features find() {
  unsigned a, b, c, d;
  if (__get_cpuid_max(0, nullptr) < 7) return {false, false};

  __cpuid(1, a, b, c, d);
  constexpr unsigned fma = 1u << 12, osxsave = 1u << 27, avx = 1u << 28;
  if (!all(c, fma | osxsave | avx)) return {false, false};

  constexpr std::uint64_t ymm = 0x06, zmm = 0xE6;
  const std::uint64_t saved = read_xcr0();
  __cpuid_count(7, 0, a, b, c, d);
  constexpr unsigned avx2 = 1u << 5, f = 1u << 16, dq = 1u << 17, bw = 1u << 30, vl = 1u << 31;
  const bool has_avx2 = all(saved, ymm) && all(b, avx2);
  return {has_avx2, has_avx2 && all(saved, zmm) && all(b, f | dq | bw | vl)};
}

}  // namespace

const X86Features& x86_features() {
  static const X86Features features = find();
  return features;
}

}  // namespace adabelief
