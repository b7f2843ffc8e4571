// A fused multiply-add that is rounded once: the C library's, or the processor's where the C library's is wrong.
#pragma once

#include <cmath>

#if defined(_WIN32) && defined(__x86_64__)

#include <immintrin.h>

// MinGW's fmaf rounds a long double again.
__attribute__((target("fma"))) inline float exact_fma(float a, float b, float c) {
  return _mm_cvtss_f32(_mm_fmadd_ss(_mm_set_ss(a), _mm_set_ss(b), _mm_set_ss(c)));
}

#else

inline float exact_fma(float a, float b, float c) { return std::fmaf(a, b, c); }

#endif
