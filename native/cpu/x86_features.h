// What an x86 processor can do.
#pragma once

namespace adabelief {

struct X86Features {
  bool avx2;    // with FMA
  bool avx512;  // F, VL, DQ and BW, with all that `avx2` says
};

/** Asks CPUID for the instructions, and XCR0 whether the operating system saves their registers. The compilers' own
 * __builtin_cpu_supports needs a library that not all of them link. */
const X86Features& x86_features();

}  // namespace adabelief
