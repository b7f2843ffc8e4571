// The instructions of PTX that the kernels use, each with PTX's own meaning: one rounding, no contraction, aligned accesses.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <type_traits>
#include <unordered_map>

#include "cuda/sums.h"
#include "kernels.h"

namespace adabelief::mock_driver {

/** The translated kernels by their symbols. */
const std::unordered_map<std::string, Run>& translated();

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using s16 = std::int16_t;
using s32 = std::int32_t;
using s64 = std::int64_t;
using b16 = u16;
using b32 = u32;
using b64 = u64;
using f32 = float;
using f64 = double;

template <class To, class From>
To same_bits(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}
inline f32 float_of(u32 bits) { return same_bits<f32>(bits); }
inline f64 double_of(u64 bits) { return same_bits<f64>(bits); }

/** Between registers of the same kind, or of a float and its bits. */
template <class To, class From>
void move(To& to, From from) {
  if constexpr (std::is_floating_point_v<To> == std::is_floating_point_v<From>) {
    to = static_cast<To>(from);
  } else {
    to = same_bits<To>(from);
  }
}

inline void require_aligned(u64 address, std::size_t bytes) {
  if (address % bytes == 0) return;
  std::fprintf(stderr, "PTX: an access of %zu bytes is not aligned\n", bytes);
  std::abort();
}

/** One value, or the two or four of a vector, one after the other. */
template <class T, class... Register>
void load(u64 address, Register&... to) {
  require_aligned(address, sizeof...(to) * sizeof(T));
  const auto* from = reinterpret_cast<const T*>(address);
  (move(to, *from++), ...);
}
template <class T, class... Register>
void store(u64 address, Register... from) {
  require_aligned(address, sizeof...(from) * sizeof(T));
  auto* to = reinterpret_cast<T*>(address);
  (move(*to++, from), ...);
}

/** Whether fma rounds once. A test breaks it, to see that the bits tell. */
inline const bool fused = std::getenv("ADABELIEF_MOCK_SPLIT_FMA") == nullptr;

inline f32 fma_rn_f32(f32 a, f32 b, f32 c) { return fused ? __builtin_fmaf(a, b, c) : a * b + c; }
inline f64 fma_rn_f64(f64 a, f64 b, f64 c) { return fused ? __builtin_fma(a, b, c) : a * b + c; }
inline f32 sqrt_rn_f32(f32 a) { return std::sqrt(a); }
inline f64 sqrt_rn_f64(f64 a) { return std::sqrt(a); }

#define ADABELIEF_PTX_FLOAT(T)                                                \
  inline T add_rn_##T(T a, T b) { return a + b; }                             \
  inline T sub_rn_##T(T a, T b) { return a - b; }                             \
  inline T mul_rn_##T(T a, T b) { return a * b; }                             \
  inline T div_rn_##T(T a, T b) { return a / b; }                             \
  inline T neg_##T(T a) { return -a; }                                        \
  inline T abs_##T(T a) { return std::fabs(a); }                              \
  inline T selp_##T(T a, T b, bool p) { return p ? a : b; }                   \
  inline bool setp_num_##T(T a, T b) { return !std::isunordered(a, b); }      \
  inline bool setp_nan_##T(T a, T b) { return std::isunordered(a, b); }       \
  inline bool setp_ne_##T(T a, T b) { return setp_num_##T(a, b) && a != b; }  \
  inline bool setp_neu_##T(T a, T b) { return setp_nan_##T(a, b) || a != b; } \
  inline bool setp_eq_##T(T a, T b) { return a == b; }                        \
  inline bool setp_equ_##T(T a, T b) { return setp_nan_##T(a, b) || a == b; } \
  inline bool setp_lt_##T(T a, T b) { return a < b; }                         \
  inline bool setp_ltu_##T(T a, T b) { return setp_nan_##T(a, b) || a < b; }  \
  inline bool setp_le_##T(T a, T b) { return a <= b; }                        \
  inline bool setp_leu_##T(T a, T b) { return setp_nan_##T(a, b) || a <= b; } \
  inline bool setp_gt_##T(T a, T b) { return a > b; }                         \
  inline bool setp_gtu_##T(T a, T b) { return setp_nan_##T(a, b) || a > b; }  \
  inline bool setp_ge_##T(T a, T b) { return a >= b; }                        \
  inline bool setp_geu_##T(T a, T b) { return setp_nan_##T(a, b) || a >= b; }
ADABELIEF_PTX_FLOAT(f32)
ADABELIEF_PTX_FLOAT(f64)
#undef ADABELIEF_PTX_FLOAT

/** More bits than there are leave zeros, or the sign. */
template <class T>
T shifted_right(T a, u32 n) {
  if (n < 8 * sizeof a) return static_cast<T>(a >> n);
  if constexpr (std::is_signed_v<T>) return a < 0 ? -1 : 0;
  return 0;
}

#define ADABELIEF_PTX_COMPARISON(T)                         \
  inline bool setp_eq_##T(T a, T b) { return a == b; }      \
  inline bool setp_ne_##T(T a, T b) { return a != b; }      \
  inline bool setp_lt_##T(T a, T b) { return a < b; }       \
  inline bool setp_le_##T(T a, T b) { return a <= b; }      \
  inline bool setp_gt_##T(T a, T b) { return a > b; }       \
  inline bool setp_ge_##T(T a, T b) { return a >= b; }      \
  inline T min_##T(T a, T b) { return std::min(a, b); }     \
  inline T max_##T(T a, T b) { return std::max(a, b); }     \
  inline T div_##T(T a, T b) { return T(a / b); }           \
  inline T rem_##T(T a, T b) { return T(a % b); }           \
  inline T selp_##T(T a, T b, bool p) { return p ? a : b; } \
  inline T shr_##T(T a, u32 n) { return shifted_right(a, n); }
ADABELIEF_PTX_COMPARISON(u16)
ADABELIEF_PTX_COMPARISON(u32)
ADABELIEF_PTX_COMPARISON(u64)
ADABELIEF_PTX_COMPARISON(s16)
ADABELIEF_PTX_COMPARISON(s32)
ADABELIEF_PTX_COMPARISON(s64)
#undef ADABELIEF_PTX_COMPARISON

/** The low bits of these are the same with and without sign. */
#define ADABELIEF_PTX_ARITHMETIC(T, U)               \
  inline U add_##T(U a, U b) { return U(a + b); }    \
  inline U sub_##T(U a, U b) { return U(a - b); }    \
  inline U neg_##T(U a) { return U(-a); }            \
  inline U mul_lo_##T(U a, U b) { return U(a * b); } \
  inline U mad_lo_##T(U a, U b, U c) { return U(a * b + c); }
ADABELIEF_PTX_ARITHMETIC(u32, u32)
ADABELIEF_PTX_ARITHMETIC(u64, u64)
ADABELIEF_PTX_ARITHMETIC(s32, u32)
ADABELIEF_PTX_ARITHMETIC(s64, u64)
#undef ADABELIEF_PTX_ARITHMETIC
inline u64 mul_wide_u32(u32 a, u32 b) { return u64{a} * b; }
inline s64 mul_wide_s32(s32 a, s32 b) { return s64{a} * b; }
inline u64 mad_wide_u32(u32 a, u32 b, u64 c) { return u64{a} * b + c; }

#define ADABELIEF_PTX_BITS(T)                                                  \
  inline T and_##T(T a, T b) { return T(a & b); }                              \
  inline T or_##T(T a, T b) { return T(a | b); }                               \
  inline T xor_##T(T a, T b) { return T(a ^ b); }                              \
  inline T not_##T(T a) { return T(~a); }                                      \
  inline T shl_##T(T a, u32 n) { return n < 8 * sizeof a ? T(a << n) : T(0); } \
  inline T shr_##T(T a, u32 n) { return shifted_right(a, n); }                 \
  inline T selp_##T(T a, T b, bool p) { return p ? a : b; }                    \
  inline bool setp_eq_##T(T a, T b) { return a == b; }                         \
  inline bool setp_ne_##T(T a, T b) { return a != b; }
ADABELIEF_PTX_BITS(b16)
ADABELIEF_PTX_BITS(b32)
ADABELIEF_PTX_BITS(b64)
#undef ADABELIEF_PTX_BITS
inline bool and_pred(bool a, bool b) { return a && b; }
inline bool or_pred(bool a, bool b) { return a || b; }
inline bool xor_pred(bool a, bool b) { return a != b; }
inline bool not_pred(bool a) { return !a; }

inline u64 cvta_to_global_u64(u64 a) { return a; }
inline u64 cvt_u64_u32(u32 a) { return a; }
inline s64 cvt_s64_s32(s32 a) { return a; }
inline u32 cvt_u32_u64(u64 a) { return static_cast<u32>(a); }
inline u32 cvt_u32_u16(u16 a) { return a; }
inline u16 cvt_u16_u32(u32 a) { return static_cast<u16>(a); }
inline u16 cvt_u16_u64(u64 a) { return static_cast<u16>(a); }
inline s32 cvt_rzi_s32_f64(f64 a) { return static_cast<s32>(a); }  // of numbers that fit
inline u64 cvt_rzi_u64_f64(f64 a) { return static_cast<u64>(a); }
inline f64 cvt_f64_f32(f32 a) { return a; }
inline f32 cvt_rn_f32_f64(f64 a) { return static_cast<f32>(a); }
inline f64 cvt_rn_f64_u64(u64 a) { return static_cast<f64>(a); }

}  // namespace adabelief::mock_driver
