// A Float of 16 floats, or 8 in the relaxed form, in registers of WebAssembly's SIMD: what the formulas take for one element
// there.
//
// WebAssembly has no fused multiply-add that every engine rounds alike. The exact form computes in double: the product of two
// floats is exact, and rounding the sum to double and then to float equals rounding once, unless the double lies in the middle of
// two floats or is too small for a normal one. A block with such an element is in doubt, and computed again by single floats. The
// relaxed form is the engine's own instruction, which is either fused or not; is_fused() in exports.cpp asks.
#pragma once

#include <stddef.h>
#include <wasm_simd128.h>

#include "../update/arithmetic.h"

#define ADABELIEF_WIDE

namespace adabelief {
namespace ADABELIEF_SET {

#if defined(ADABELIEF_RELAXED_MADD)
constexpr int registers = 2;
#else
constexpr int registers = 4;  // the exact form asks once a block for doubt
#endif
constexpr size_t width = 4 * registers;

struct WideFloat {
  WideFloat() = default;
  ADABELIEF_INLINE WideFloat(float value) {
    for (v128_t& x : part) x = wasm_f32x4_splat(value);
  }
  v128_t part[registers];
};
using Wide = WideFloat;

struct WideMask {
  v128_t part[registers];
};

/** Applies a function of registers to each of them. */
template <class Result = WideFloat, class Function, class... Operand>
ADABELIEF_INLINE Result each(const Function& function, const Operand&... x) {
  Result result;
#pragma clang loop unroll(full)
  for (int k = 0; k < registers; ++k) result.part[k] = function(x.part[k]...);
  return result;
}

ADABELIEF_INLINE WideFloat operator+(WideFloat a, WideFloat b) {
  return each([](v128_t x, v128_t y) { return wasm_f32x4_add(x, y); }, a, b);
}
ADABELIEF_INLINE WideFloat operator-(WideFloat a, WideFloat b) {
  return each([](v128_t x, v128_t y) { return wasm_f32x4_sub(x, y); }, a, b);
}
ADABELIEF_INLINE WideFloat operator*(WideFloat a, WideFloat b) {
  return each([](v128_t x, v128_t y) { return wasm_f32x4_mul(x, y); }, a, b);
}
ADABELIEF_INLINE WideFloat operator/(WideFloat a, WideFloat b) {
  return each([](v128_t x, v128_t y) { return wasm_f32x4_div(x, y); }, a, b);
}
ADABELIEF_INLINE WideFloat operator-(WideFloat a) {
  return each([](v128_t x) { return wasm_f32x4_neg(x); }, a);
}
ADABELIEF_INLINE WideFloat square_root(WideFloat a) {
  return each([](v128_t x) { return wasm_f32x4_sqrt(x); }, a);
}
ADABELIEF_INLINE WideFloat root_over_invariant(WideFloat x, float c) { return square_root(x) / WideFloat(c); }

ADABELIEF_INLINE WideMask operator<(WideFloat a, WideFloat b) {
  return each<WideMask>([](v128_t x, v128_t y) { return wasm_f32x4_lt(x, y); }, a, b);
}
ADABELIEF_INLINE WideMask operator>(WideFloat a, WideFloat b) {
  return each<WideMask>([](v128_t x, v128_t y) { return wasm_f32x4_gt(x, y); }, a, b);
}
ADABELIEF_INLINE WideMask operator==(WideFloat a, WideFloat b) {
  return each<WideMask>([](v128_t x, v128_t y) { return wasm_f32x4_eq(x, y); }, a, b);
}
ADABELIEF_INLINE WideMask operator!=(WideFloat a, WideFloat b) {
  return each<WideMask>([](v128_t x, v128_t y) { return wasm_f32x4_ne(x, y); }, a, b);
}
ADABELIEF_INLINE WideMask operator|(WideMask a, WideMask b) {
  return each<WideMask>([](v128_t x, v128_t y) { return wasm_v128_or(x, y); }, a, b);
}
ADABELIEF_INLINE WideFloat select(WideMask condition, WideFloat a, WideFloat b) {
  return each([](v128_t which, v128_t x, v128_t y) { return wasm_v128_bitselect(x, y, which); }, condition, a, b);
}

#if defined(ADABELIEF_RELAXED_MADD)

ADABELIEF_INLINE void begin_block() {}
ADABELIEF_INLINE bool in_doubt() { return false; }

ADABELIEF_INLINE WideFloat fma(WideFloat a, WideFloat b, WideFloat c) {
  return each([](v128_t x, v128_t y, v128_t z) { return wasm_f32x4_relaxed_madd(x, y, z); }, a, b, c);
}

#else

ADABELIEF_INLINE v128_t low_doubles(v128_t x) { return wasm_f64x2_promote_low_f32x4(x); }
/** The upper half of a register that was stored. A load can convert as it reads. Registers need a shuffle first, and x86 shuffles
 * again to convert them: two more for its busiest port. */
ADABELIEF_INLINE v128_t high_doubles(const float* x) { return wasm_f64x2_promote_low_f32x4(wasm_v128_load64_zero(x + 2)); }

/** Where operands are stored for their upper halves. */
alignas(64) static float operands[5][width];

template <int which>
ADABELIEF_INLINE const float* stored(WideFloat x) {
  float* at = operands[which];
  asm("" : "+r"(at));
  for (int k = 0; k < registers; ++k) wasm_v128_store(at + 4 * k, x.part[k]);
  return at;
}

/** Four floats out of two times two doubles. */
ADABELIEF_INLINE v128_t to_floats(v128_t low, v128_t high) {
  return wasm_i32x4_shuffle(wasm_f32x4_demote_f64x2_zero(low), wasm_f32x4_demote_f64x2_zero(high), 0, 1, 4, 5);
}

/** Detects elements of a block that may have been rounded twice: the minima of two tests over all sums of the block. */
struct Doubt {
  v128_t middle, magnitude;

  ADABELIEF_INLINE void note(v128_t low, v128_t high, v128_t result) {
    // In the middle of two floats, the 29 bits that a float lacks are 1 and then zeros: here the least integer of all.
    middle = wasm_i32x4_min(middle, wasm_i32x4_shl(wasm_i32x4_shuffle(low, high, 0, 2, 4, 6), 3));
    // Below 2^-126 a float lacks more bits, also where it is rounded up to that. If it is 0, the double was exact. Less 1, that
    // is the largest integer. The shift removes the sign.
    magnitude = wasm_u32x4_min(magnitude, wasm_i32x4_add(wasm_i32x4_shl(result, 1), wasm_i32x4_splat(-1)));
  }
};

/** Of the block at hand. A variable and no argument, because formulas know of no doubt. It stays in registers. */
static Doubt doubt;

ADABELIEF_INLINE void begin_block() { doubt = {wasm_i32x4_splat(0), wasm_i32x4_splat(-1)}; }

/** Whether the elements of the block may have been rounded twice. They must be computed one by one then. */
ADABELIEF_INLINE bool in_doubt() {
  const v128_t middle = wasm_i32x4_eq(doubt.middle, wasm_i32x4_splat(INT32_MIN));
  return wasm_v128_any_true(wasm_v128_or(middle, wasm_u32x4_lt(doubt.magnitude, wasm_i32x4_splat(0x01000000))));
}

/** Two floats in each of two registers of doubles: of four elements, the lower and the upper. */
struct Doubles {
  v128_t low, high;
};

/** Four elements, which may be rounded twice. */
ADABELIEF_INLINE v128_t quick_fma(Doubles a, Doubles b, Doubles c) {
  const v128_t low = wasm_f64x2_add(wasm_f64x2_mul(a.low, b.low), c.low);
  const v128_t high = wasm_f64x2_add(wasm_f64x2_mul(a.high, b.high), c.high);
  const v128_t result = to_floats(low, high);
  doubt.note(low, high, result);
  return result;
}

ADABELIEF_INLINE WideFloat fma(WideFloat a, WideFloat b, WideFloat c) {
  const float *stored_a = stored<0>(a), *stored_b = stored<1>(b), *stored_c = stored<2>(c);
  asm volatile("" : "+r"(stored_a), "+r"(stored_b), "+r"(stored_c) : : "memory");  // or the compiler would not load them again
  WideFloat result;
#pragma clang loop unroll(full)
  for (int k = 0; k < registers; ++k) {
    result.part[k] = quick_fma({low_doubles(a.part[k]), high_doubles(stored_a + 4 * k)},
                               {low_doubles(b.part[k]), high_doubles(stored_b + 4 * k)},
                               {low_doubles(c.part[k]), high_doubles(stored_c + 4 * k)});
  }
  return result;
}

/** The same with a factor that all elements share: one register holds it. */
ADABELIEF_INLINE WideFloat fma(WideFloat a, float b, WideFloat c) {
  const v128_t both = wasm_f64x2_splat(b);
  const float *stored_a = stored<3>(a), *stored_c = stored<4>(c);
  asm volatile("" : "+r"(stored_a), "+r"(stored_c) : : "memory");  // as above
  WideFloat result;
#pragma clang loop unroll(full)
  for (int k = 0; k < registers; ++k) {
    result.part[k] = quick_fma({low_doubles(a.part[k]), high_doubles(stored_a + 4 * k)}, {both, both},
                               {low_doubles(c.part[k]), high_doubles(stored_c + 4 * k)});
  }
  return result;
}

#endif

/** All of its floats at a place in memory. */
struct All {
  ADABELIEF_INLINE WideFloat load(const float* from) const {
    asm("" : "+r"(from));  // otherwise the compiler adds up every address, with an instruction each
    WideFloat x;
    for (int k = 0; k < registers; ++k) x.part[k] = wasm_v128_load(from + 4 * k);
    return x;
  }
  ADABELIEF_INLINE void store(float* to, WideFloat x) const {
    asm("" : "+r"(to));
    for (int k = 0; k < registers; ++k) wasm_v128_store(to + 4 * k, x.part[k]);
  }
};

}  // namespace ADABELIEF_SET
}  // namespace adabelief
