// What the threads of a device do, for every formula and variant. No thread waits for another one, so that the same source runs
// as an ordinary function, one thread after the other.
#pragma once

#include <utility>

#include "../core/stages.h"
#include "../update/ema.h"
#include "../update/formula_traits.h"
#include "../update/formulas.h"
#include "../update/gradient.h"
#include "../update/lookahead.h"
#include "live_kernels.h"
#include "sums.h"

namespace adabelief {
namespace ADABELIEF_SET {

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

template <class F, int... variant>
constexpr bool completes_one(int completed, std::integer_sequence<int, variant...>) {
  return ((following<F, variant>(0) == completed) || ...);
}

/** Whether a variant completes another one: its gradients are the means of that one's directions. */
template <class F, int variant>
constexpr bool completes() {
  return completes_one<F>(variant, std::make_integer_sequence<int, F::Variants::count>());
}

/** What an element holds while it is updated. */
struct Element {
  float p, g, state[max_states], slow;
};

template <class F, int variant>
constexpr Half half() {
  return completes<F, variant>() ? Half::second : following<F, variant>(0) >= 0 ? Half::first : Half::whole;
}

/** What a step does to a row: as its launch says, or as the device found it. */
struct RowUpdate {
  const float* coefficients;  // the formula's
  std::int32_t stages;
  Factors factors;
  float alpha, ema_weight;
};

ADABELIEF_INLINE RowUpdate update_by_launch(const Launch& launch) {
  return {launch.coefficients, launch.stages, factors_of(launch), launch.alpha, launch.ema_weight};
}

ADABELIEF_INLINE RowUpdate update_by_step(const Launch& launch, const RowStep& step) {
  const Common common = common_of(step);
  return {step.coefficients + common_coefficients, step.stages, factors_of(launch, step), common.alpha, common.ema_weight};
}

/** The stages of one element. */
template <class F, int variant>
struct ElementStages {
  const typename F::Coefficients& c;
  const RowUpdate& by;
  float mean;
  Element& e;

  ADABELIEF_INLINE void begin() const { e.slow = e.p; }
  ADABELIEF_INLINE void update() const {
    const float g = completes<F, variant>() ? mean : prepared(with_mean(by.factors, mean), e.g, e.p);
    e.p = F::template update<variant>(c, e.p, g, e.state[0], e.state[1], e.state[2]);
  }
  ADABELIEF_INLINE void blend() const { e.p = e.slow = blended(e.p, e.slow, by.alpha); }
};

/** The moving average of one element, and of four. It is loaded after the update, so that a step without it holds no register for
 * it. */
struct AverageOfOne {
  const RowUpdate& by;
  const DeviceRow& row;
  uint64_t i;
  float p;

  ADABELIEF_INLINE void begin_ema() const { row.ema[i] = p; }
  ADABELIEF_INLINE void ema() const { row.ema[i] = averaged(row.ema[i], p, by.ema_weight); }
};

struct AverageOfFour {
  const RowUpdate& by;
  const DeviceRow& row;
  uint64_t i;
  Four p;

  ADABELIEF_INLINE void begin_ema() const { store_four(row.ema + i, p); }
  ADABELIEF_INLINE void ema() const {
    const Four a = load_four(row.ema + i);
    const float weight = by.ema_weight;
    store_four(row.ema + i,
               {averaged(a.x, p.x, weight), averaged(a.y, p.y, weight), averaged(a.z, p.z, weight), averaged(a.w, p.w, weight)});
  }
};

template <class F, int variant>
ADABELIEF_INLINE void update_element(const typename F::Coefficients& c, const RowUpdate& by, float mean, Element& e) {
  run_stages(by.stages, half<F, variant>(), ElementStages<F, variant>{c, by, mean, e});
}

template <class F, int variant>
ADABELIEF_INLINE void update_one(const typename F::Coefficients& c, const Launch& launch, const RowUpdate& by,
                                 const DeviceRow& row, uint64_t i) {
  constexpr int states = F::states(variant);
  const bool slow = uses_slow(by.stages);
  // The slow weights stay generic: an assumption within their condition makes nvcc compile the whole loop twice.
  Element e{load_one(row.data + i), completes<F, variant>() ? 0 : load_one(row.grad + i), {}, slow ? row.slow[i] : 0};
  if (states > 0) e.state[0] = load_one(row.state[0] + i);
  if (states > 1) e.state[1] = load_one(row.state[1] + i);
  if (states > 2) e.state[2] = load_one(row.state[2] + i);
  update_element<F, variant>(c, by, mean_of(launch, row, i), e);
  store_one(row.out + i, e.p);
  if (states > 0) store_one(row.state[0] + i, e.state[0]);
  if (states > 1) store_one(row.state[1] + i, e.state[1]);
  if (states > 2) store_one(row.state[2] + i, e.state[2]);
  if (slow) row.slow[i] = e.slow;
  run_average(by.stages, half<F, variant>(), AverageOfOne{by, row, i, e.p});
}

/** The means of four elements. They may lie in several segments. */
ADABELIEF_INLINE Four means_of(const Launch& launch, const DeviceRow& row, uint64_t i) {
  const uint64_t segment = row.cut.segment;
  if (!launch.means || segment == 0) return {};
  const float* mean = launch.means + row.segments + i / segment;
  uint64_t left = segment - i % segment;
  float current = load_one(mean);
  const auto next = [&] {
    if (--left == 0) left = segment, current = load_one(++mean);
    return current;
  };
  const float x = current, y = next(), z = next(), w = next();
  return {x, y, z, w};
}

template <class F, int variant>
ADABELIEF_INLINE void update_four(const typename F::Coefficients& c, const Launch& launch, const RowUpdate& by,
                                  const DeviceRow& row, uint64_t i) {
  constexpr int states = F::states(variant);
  const bool slow = uses_slow(by.stages);
  const Four none{};
  const Four p = load_four(row.data + i), g = completes<F, variant>() ? none : load_four(row.grad + i);
  const Four s0 = states > 0 ? load_four(row.state[0] + i) : none, s1 = states > 1 ? load_four(row.state[1] + i) : none,
             s2 = states > 2 ? load_four(row.state[2] + i) : none, s = slow ? load_four(row.slow + i) : none,
             mean = means_of(launch, row, i);
  Element x{p.x, g.x, {s0.x, s1.x, s2.x}, s.x}, y{p.y, g.y, {s0.y, s1.y, s2.y}, s.y}, z{p.z, g.z, {s0.z, s1.z, s2.z}, s.z},
      w{p.w, g.w, {s0.w, s1.w, s2.w}, s.w};
  update_element<F, variant>(c, by, mean.x, x);
  update_element<F, variant>(c, by, mean.y, y);
  update_element<F, variant>(c, by, mean.z, z);
  update_element<F, variant>(c, by, mean.w, w);
  store_four(row.out + i, {x.p, y.p, z.p, w.p});
  if (states > 0) store_four(row.state[0] + i, {x.state[0], y.state[0], z.state[0], w.state[0]});
  if (states > 1) store_four(row.state[1] + i, {x.state[1], y.state[1], z.state[1], w.state[1]});
  if (states > 2) store_four(row.state[2] + i, {x.state[2], y.state[2], z.state[2], w.state[2]});
  if (slow) store_four(row.slow + i, {x.slow, y.slow, z.slow, w.slow});
  run_average(by.stages, half<F, variant>(), AverageOfFour{by, row, i, {x.p, y.p, z.p, w.p}});
}

template <class F>
ADABELIEF_INLINE typename F::Coefficients complete_coefficients(const Launch& launch, const DeviceRow& row, const RowUpdate& by) {
  auto c = struct_of<typename F::Coefficients>(by.coefficients);
  if constexpr (needs_norms<F>(0)) {
    F::with_norms(c, square_root(launch.data_norms[row.tensor]), square_root(launch.grad_norms[row.tensor]));
  }
  return c;
}

/** Whether all arrays that a variant uses begin at a multiple of 16 bytes; pieces do. */
template <class F, int variant>
ADABELIEF_INLINE bool all_aligned(const DeviceRow& row, std::int32_t stages) {
  bool all = aligned(row.data) && aligned(row.out) && (completes<F, variant>() || aligned(row.grad));
  for (int k = 0; k < F::states(variant); ++k) all = all && aligned(row.state[k]);
  return all && (!uses_slow(stages) || aligned(row.slow)) && (!uses_ema(stages) || aligned(row.ema));
}

/** Updates the elements of a piece. `live`: as the device found it for the step of the row. */
template <class F, int variant, bool live>
ADABELIEF_INLINE void update_piece(const Launch& launch, const Here& here) {
  const DevicePiece piece = launch.pieces[here.block];
  const DeviceRow row = launch.rows[piece.row];
  if (live && launch.steps[row.number].variant != launch.variant) return;
  const RowUpdate by = live ? update_by_step(launch, launch.steps[row.number]) : update_by_launch(launch);
  const auto c = complete_coefficients<F>(launch, row, by);
  const uint64_t end = row.cut.length - piece.begin < launch.piece ? row.cut.length : piece.begin + launch.piece;
  uint64_t begin = piece.begin;
  if (all_aligned<F, variant>(row, by.stages)) {
    const uint64_t fours = (end - begin) / 4;
    for (uint64_t k = here.thread; k < fours; k += here.threads) update_four<F, variant>(c, launch, by, row, begin + 4 * k);
    begin += 4 * fours;
  }
  for (uint64_t i = begin + here.thread; i < end; i += here.threads) update_one<F, variant>(c, launch, by, row, i);
}

}  // namespace ADABELIEF_SET
}  // namespace adabelief
