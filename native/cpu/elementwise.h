// The loops around a formula: gradients prepared, sums in a fixed order, Lookahead's blend, the moving average, sums of
// gradients. Part of loops.cpp, once for each instruction set.
#pragma once

#include "../core/kernels.h"
#include "../core/reduction.h"
#include "../update/ema.h"
#include "../update/gradient.h"
#include "../update/lookahead.h"
#include "../update/storage.h"
#include "../update/sum.h"
#include "prefetch.h"

namespace adabelief {
namespace ADABELIEF_SET {

/** Prefetches what is summed a little later. Sums read memory faster than a step does, so they look further ahead. */
template <int count = 1>
struct Prefetch {
  ADABELIEF_INLINE void operator()(size_t i) const {
    constexpr size_t ahead = 2048;
    if (i + ahead >= length) return;
    for (const float* array : arrays) prefetch_line(reinterpret_cast<uintptr_t>(array + i + ahead));
  }
  size_t length;  // as much as there is, also after what is summed
  const float* arrays[count];
};

inline float read(const float* x, size_t length) {
  constexpr size_t lanes = 64;
  float sums[lanes] = {};
  for (size_t i = 0; i + lanes <= length; i += lanes) {
#pragma omp simd
    for (size_t k = 0; k < lanes; ++k) sums[k] += x[i + k];
  }
  float total = 0;
  for (size_t k = 0; k < lanes; ++k) total += sums[k];
  return total;
}

inline double sum(const float* x, size_t length, size_t after) {
  const auto add = [x](double sum, size_t i) { return plus(sum, x[i]); };
  return summed(length, add, Prefetch<>{length + after, {x}});
}

inline double sum_of_squares(const float* x, float scale, size_t length, size_t after) {
  const Prefetch<> prefetch{length + after, {x}};
  const auto add = [x](double sum, size_t i) { return plus_square(sum, x[i]); };
  const auto add_scaled = [x, scale](double sum, size_t i) { return plus_square(sum, x[i] * scale); };
  return scale == 1 ? summed(length, add, prefetch) : summed(length, add_scaled, prefetch);
}

inline void add_squares(double* sums, size_t first, const float* x, float scale, size_t length) {
  size_t i = 0;
  const auto few = [&](size_t end) {
    for (; i < end; ++i) sums[(first + i) % sum_lanes] = plus_square(sums[(first + i) % sum_lanes], x[i] * scale);
  };
  const size_t head = (sum_lanes - first % sum_lanes) % sum_lanes;
  few(head < length ? head : length);
  for (; i + sum_lanes <= length; i += sum_lanes) {
    ADABELIEF_LANES
    for (size_t k = 0; k < sum_lanes; ++k) sums[k] = plus_square(sums[k], x[i + k] * scale);
  }
  few(length);
}

inline double fold_sums(double* sums) {
  static_assert(sum_lanes == reduction_lanes, "what callers make room for");
  double own[sum_lanes];
  memcpy(own, sums, sizeof own);
  return folded(own);
}

inline void prepare(float* into, const float* grad, const float* data, const Factors& factors, size_t length) {
  const Factors c = factors;
#pragma omp simd
  for (size_t i = 0; i < length; ++i) into[i] = prepared(c, grad[i], data[i]);
}

inline void blend(float* p, float* slow, float alpha, size_t length) {
#pragma omp simd
  for (size_t i = 0; i < length; ++i) p[i] = slow[i] = blended(p[i], slow[i], alpha);
}

inline void average(float* average, const float* p, float weight, size_t length) {
#pragma omp simd
  for (size_t i = 0; i < length; ++i) average[i] = averaged(average[i], p[i], weight);
}

inline void scale(float* x, float factor, size_t length) {
#pragma omp simd
  for (size_t i = 0; i < length; ++i) x[i] = x[i] * factor;
}

inline void accumulate(float* into, const float* const* sources, int count, float scale, size_t begin, size_t end) {
  constexpr size_t piece = 1024;
  float sum[piece];
  for (; begin < end; begin += piece) {
    const size_t size = end - begin < piece ? end - begin : piece;
    memcpy(sum, sources[0] + begin, size * sizeof(float));
    for (int k = 1; k < count; ++k) {
      const float* source = sources[k] + begin;
#pragma omp simd
      for (size_t i = 0; i < size; ++i) sum[i] = sum[i] + source[i];
    }
    float* target = into + begin;
#pragma omp simd
    for (size_t i = 0; i < size; ++i) target[i] = fma(sum[i], scale, target[i]);
  }
}

template <float from_half(uint16_t)>
void widen(float* into, const uint16_t* from, size_t length) {
#pragma omp simd
  for (size_t i = 0; i < length; ++i) into[i] = from_half(from[i]);
}

template <uint16_t to_half(float)>
void narrow(uint16_t* into, const float* from, size_t length) {
#pragma omp simd
  for (size_t i = 0; i < length; ++i) into[i] = to_half(from[i]);
}

constexpr Elementwise elementwise = {
    &prepare,
    &read,
    &sum,
    &sum_of_squares,
    &add_squares,
    &fold_sums,
    &blend,
    &average,
    &scale,
    &accumulate,
    {{&widen<from_bfloat16>, &narrow<to_bfloat16>}, {&widen<from_float16>, &narrow<to_float16>}},
};

}  // namespace ADABELIEF_SET
}  // namespace adabelief
