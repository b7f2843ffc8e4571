// What the threads of a device do, for every formula and variant. No thread waits for another one, so that the same source runs
// as an ordinary function, one thread after the other.
#pragma once

#include <utility>

#include "../cpu/kernel.h"
#include "../update/formulas.h"
#include "../update/gradient.h"
#include "../update/lookahead.h"
#include "../update/sum.h"
#include "../update/traits.h"
#include "launch.h"

namespace adabelief {
namespace ADABELIEF_SET {

/** Which thread this is. */
struct Here {
  unsigned block, thread, threads;
};

/** Four floats that are read and written as one. */
struct alignas(16) Four {
  float x, y, z, w;
};

ADABELIEF_INLINE bool aligned(const void* pointer) { return (reinterpret_cast<uintptr_t>(pointer) & 15) == 0; }

// A pointer that was itself read from memory could point into any kind of it: the compiler is told which.
#if defined(__CUDA_ARCH__)
#define ADABELIEF_GLOBAL(pointer) __builtin_assume(__isGlobal(pointer))
#else
#define ADABELIEF_GLOBAL(pointer) static_cast<void>(0)
#endif

ADABELIEF_INLINE float load_one(const float* from) {
  ADABELIEF_GLOBAL(from);
  return *from;
}
ADABELIEF_INLINE void store_one(float* to, float value) {
  ADABELIEF_GLOBAL(to);
  *to = value;
}

ADABELIEF_INLINE Four load_four(const float* from) {
  ADABELIEF_GLOBAL(from);
  return *reinterpret_cast<const Four*>(from);
}
ADABELIEF_INLINE void store_four(float* to, const Four& four) {
  ADABELIEF_GLOBAL(to);
  *reinterpret_cast<Four*>(to) = four;
}

/** The mean of the segment that an element lies in. */
ADABELIEF_INLINE float mean_of(const Launch& launch, const DeviceRow& row, uint64_t element) {
  if (!launch.means || row.segment == 0) return 0;
  const double sum = launch.means[row.means + element / row.segment * row.mean_blocks];
  return static_cast<float>(sum / static_cast<double>(row.segment));
}

ADABELIEF_INLINE Gradient gradient_of(const Factors& factors, float mean) {
  return {factors.scale, factors.clip, factors.decay, mean};
}

template <class F, int... variant>
constexpr bool completes_one(int completed, std::integer_sequence<int, variant...>) {
  return ((following<F, variant>(0) == completed) || ...);
}

/** Whether a variant completes another one: its gradients are the means of that one's directions. */
template <class F, int variant>
constexpr bool completes() {
  return completes_one<F>(variant, std::make_integer_sequence<int, F::variants>());
}

/** What an element holds while it is updated. */
struct Element {
  float p, g, state[max_states], slow;
};

/** One element, with all that happens around its formula. */
template <class F, int variant>
ADABELIEF_INLINE void update_element(const typename F::Coefficients& c, const Launch& launch, float mean, Element& e) {
  if (launch.stages & stage::begin) e.slow = e.p;
  const float g = completes<F, variant>() ? mean : prepared(gradient_of(launch.factors, mean), e.g, e.p);
  e.p = F::template update<variant>(c, e.p, g, e.state[0], e.state[1], e.state[2]);
  if ((launch.stages & stage::blend) && following<F, variant>(0) < 0) e.p = e.slow = blended(e.p, e.slow, launch.alpha);
}

template <class F, int variant>
ADABELIEF_INLINE void update_one(const typename F::Coefficients& c, const Launch& launch, const DeviceRow& row, uint64_t i) {
  constexpr int states = F::states(variant);
  const bool slow = launch.stages & (stage::begin | stage::blend);
  // The slow weights stay generic: an assumption within their condition makes nvcc compile the whole loop twice.
  Element e{load_one(row.data + i), completes<F, variant>() ? 0 : load_one(row.grad + i), {}, slow ? row.slow[i] : 0};
  if (states > 0) e.state[0] = load_one(row.state[0] + i);
  if (states > 1) e.state[1] = load_one(row.state[1] + i);
  if (states > 2) e.state[2] = load_one(row.state[2] + i);
  update_element<F, variant>(c, launch, mean_of(launch, row, i), e);
  store_one(row.out + i, e.p);
  if (states > 0) store_one(row.state[0] + i, e.state[0]);
  if (states > 1) store_one(row.state[1] + i, e.state[1]);
  if (states > 2) store_one(row.state[2] + i, e.state[2]);
  if (slow) row.slow[i] = e.slow;
}

/** Four elements that have no mean, or none but one that is 0. */
template <class F, int variant>
ADABELIEF_INLINE void update_four(const typename F::Coefficients& c, const Launch& launch, const DeviceRow& row, uint64_t i) {
  constexpr int states = F::states(variant);
  const bool slow = launch.stages & (stage::begin | stage::blend);
  const Four none{};
  const Four p = load_four(row.data + i), g = completes<F, variant>() ? none : load_four(row.grad + i);
  const Four s0 = states > 0 ? load_four(row.state[0] + i) : none, s1 = states > 1 ? load_four(row.state[1] + i) : none,
             s2 = states > 2 ? load_four(row.state[2] + i) : none, s = slow ? load_four(row.slow + i) : none;
  Element x{p.x, g.x, {s0.x, s1.x, s2.x}, s.x}, y{p.y, g.y, {s0.y, s1.y, s2.y}, s.y}, z{p.z, g.z, {s0.z, s1.z, s2.z}, s.z},
      w{p.w, g.w, {s0.w, s1.w, s2.w}, s.w};
  update_element<F, variant>(c, launch, 0, x);
  update_element<F, variant>(c, launch, 0, y);
  update_element<F, variant>(c, launch, 0, z);
  update_element<F, variant>(c, launch, 0, w);
  store_four(row.out + i, {x.p, y.p, z.p, w.p});
  if (states > 0) store_four(row.state[0] + i, {x.state[0], y.state[0], z.state[0], w.state[0]});
  if (states > 1) store_four(row.state[1] + i, {x.state[1], y.state[1], z.state[1], w.state[1]});
  if (states > 2) store_four(row.state[2] + i, {x.state[2], y.state[2], z.state[2], w.state[2]});
  if (slow) store_four(row.slow + i, {x.slow, y.slow, z.slow, w.slow});
}

template <class F>
ADABELIEF_INLINE typename F::Coefficients complete_coefficients(const Launch& launch, const DeviceRow& row) {
  auto c = coefficients_of<F>(launch.coefficients);
  if constexpr (needs_norms<F>(0)) {
    F::with_norms(c, square_root(launch.data_norms[row.norms]), square_root(launch.grad_norms[row.norms]));
  }
  return c;
}

/** Whether all arrays that a variant uses begin at a multiple of 16 bytes; pieces do. */
template <class F, int variant>
ADABELIEF_INLINE bool all_aligned(const DeviceRow& row, bool slow) {
  bool all = aligned(row.data) && aligned(row.out) && (completes<F, variant>() || aligned(row.grad));
  for (int k = 0; k < F::states(variant); ++k) all = all && aligned(row.state[k]);
  return all && (!slow || aligned(row.slow));
}

/** Updates the elements of a piece. */
template <class F, int variant>
ADABELIEF_INLINE void update_piece(const Launch& launch, const Here& here) {
  const DevicePiece piece = launch.pieces[here.block];
  const DeviceRow row = launch.rows[piece.row];
  const auto c = complete_coefficients<F>(launch, row);
  const uint64_t end = row.length - piece.begin < piece_length ? row.length : piece.begin + piece_length;
  const bool slow = launch.stages & (stage::begin | stage::blend);
  const bool centralized = launch.means && row.segment > 0;
  uint64_t begin = piece.begin;
  if (!centralized && all_aligned<F, variant>(row, slow)) {
    const uint64_t fours = (end - begin) / 4;
    for (uint64_t k = here.thread; k < fours; k += here.threads) update_four<F, variant>(c, launch, row, begin + 4 * k);
    begin += 4 * fours;
  }
  for (uint64_t i = begin + here.thread; i < end; i += here.threads) update_one<F, variant>(c, launch, row, i);
}

/** A run of elements that one thread adds up. */
struct BlockOfRow {
  bool exists;
  uint64_t begin, length, place;
};

/** The block that is this thread's, of those by whole tensors or by segments. */
ADABELIEF_INLINE BlockOfRow block_of(const DeviceRow& row, uint64_t number, bool by_segments) {
  const uint64_t segment = by_segments ? row.segment : row.length;
  const uint64_t blocks = by_segments ? row.mean_blocks : reduction_blocks(row.length);
  const uint64_t begin = number / blocks * segment + number % blocks * reduction_block;
  const uint64_t rest = segment - number % blocks * reduction_block;
  const uint64_t place = (by_segments ? row.means : row.norms) + number;
  return {number < row.length / segment * blocks, begin, rest < reduction_block ? rest : reduction_block, place};
}

/** Sums of what `sum_of` says, a thread a block. */
ADABELIEF_INLINE void sum_block(const Launch& launch, const Here& here) {
  const DevicePiece piece = launch.pieces[here.block];
  const DeviceRow row = launch.rows[piece.row];
  const SumOf what = launch.sum_of;
  const BlockOfRow block = block_of(row, piece.begin + here.thread, what == SumOf::prepared);
  if (!block.exists) return;
  const float* grad = row.grad + block.begin;
  const float* data = row.data + block.begin;
  const Factors& factors = launch.factors;
  double sum;
  if (what == SumOf::squares_of_gradients) {
    sum = summed(block.length, [=](double s, size_t i) { return plus_square(s, grad[i] * factors.scale); });
  } else if (what == SumOf::squares_of_data) {
    sum = summed(block.length, [=](double s, size_t i) { return plus_square(s, data[i]); });
  } else {
    sum = summed(block.length, [&](double s, size_t i) {
      const float mean = what == SumOf::prepared ? 0 : mean_of(launch, row, block.begin + i);
      const float g = prepared(gradient_of(factors, mean), grad[i], data[i]);
      return what == SumOf::prepared ? plus(s, g) : plus_square(s, g);
    });
  }
  launch.sums[block.place] = sum;
}

/** Sums of the directions in which a variant is about to step, a thread a block. */
template <class F, int variant>
ADABELIEF_INLINE void sum_block_of_directions(const Launch& launch, const Here& here) {
  const DevicePiece piece = launch.pieces[here.block];
  const DeviceRow row = launch.rows[piece.row];
  const BlockOfRow block = block_of(row, piece.begin + here.thread, true);
  if (!block.exists) return;
  const auto c = coefficients_of<F>(launch.coefficients);
  launch.sums[block.place] = summed(block.length, [&](double s, size_t k) {
    const uint64_t i = block.begin + k;
    return plus(s, F::template direction<variant>(c, row.data[i], row.state[0][i], row.state[1][i]));
  });
}

/** Adds up the blocks of a segment into the first of them, a thread a segment: the one whose block that is. */
ADABELIEF_INLINE void sum_segment(const Launch& launch, const Here& here) {
  const DevicePiece piece = launch.pieces[here.block];
  const DeviceRow row = launch.rows[piece.row];
  const bool by_segments = launch.sum_of == SumOf::prepared;
  const uint64_t number = piece.begin + here.thread;
  const BlockOfRow block = block_of(row, number, by_segments);
  const uint64_t blocks = by_segments ? row.mean_blocks : reduction_blocks(row.length);
  if (!block.exists || number % blocks != 0) return;
  double sum = launch.sums[block.place];
  for (uint64_t k = 1; k < blocks; ++k) sum += launch.sums[block.place + k];
  launch.sums[block.place] = sum;
}

}  // namespace ADABELIEF_SET
}  // namespace adabelief
