// The kernels, for nvcc: every formula and variant, with the names of kernel_names.h.
#include "array_kernels.h"
#include "kernels.h"
#include "touched_kernels.h"

namespace adabelief {
namespace device {

using namespace ADABELIEF_SET;

__device__ __forceinline__ Here here() { return {blockIdx.x, threadIdx.x, blockDim.x}; }

template <int place, class First, class... Rest>
constexpr auto formula_at(List<First, Rest...>) {
  if constexpr (place == 0) {
    return First{};
  } else {
    return formula_at<place - 1>(List<Rest...>{});
  }
}
template <int place>
using FormulaAt = decltype(formula_at<place>(Formulas{}));

template <int formula, int variant>
__global__ void __launch_bounds__(piece_threads) update(const __grid_constant__ Launch launch) {
  update_piece<FormulaAt<formula>, variant, false>(launch, here());
}

template <int formula, int variant>
__global__ void __launch_bounds__(piece_threads) update_live(const __grid_constant__ Launch launch) {
  update_piece<FormulaAt<formula>, variant, true>(launch, here());
}

template <int formula, int variant>
__global__ void __launch_bounds__(piece_threads) sum_directions(const __grid_constant__ Launch launch) {
  sum_lane_of_directions<FormulaAt<formula>, variant, false>(launch, here());
}

template <int formula, int variant>
__global__ void __launch_bounds__(piece_threads) sum_directions_live(const __grid_constant__ Launch launch) {
  sum_lane_of_directions<FormulaAt<formula>, variant, true>(launch, here());
}

__global__ void __launch_bounds__(piece_threads) sum_blocks(const __grid_constant__ Launch launch) { sum_lane(launch, here()); }

__global__ void __launch_bounds__(piece_threads) fold_blocks(const __grid_constant__ Launch launch) {
  fold_block(launch, here());
}

__global__ void __launch_bounds__(piece_threads) sum_segments(const __grid_constant__ Launch launch) {
  sum_segment(launch, here());
}

__global__ void __launch_bounds__(piece_threads) add_repeated(const __grid_constant__ Launch launch) {
  add_repeated_piece(launch, here());
}

__global__ void __launch_bounds__(piece_threads) sum_touched(const __grid_constant__ Launch launch) {
  sum_touched_lane(launch, here());
}

__global__ void __launch_bounds__(piece_threads) clip(const __grid_constant__ Launch launch) { find_clip(launch, here()); }

__global__ void __launch_bounds__(piece_threads) begin_rows(const __grid_constant__ Launch launch) { begin_row(launch, here()); }

__global__ void __launch_bounds__(piece_threads) end_rows(const __grid_constant__ Launch launch) { end_row(launch, here()); }

__global__ void __launch_bounds__(piece_threads) accumulate(const __grid_constant__ Launch launch) {
  accumulate_piece<sum_in_sequence>(launch, here());
}

__global__ void __launch_bounds__(piece_threads) accumulate_pairs(const __grid_constant__ Launch launch) {
  accumulate_piece<sum_in_pairs>(launch, here());
}

__global__ void __launch_bounds__(piece_threads) scale(const __grid_constant__ Launch launch) { scale_piece(launch, here()); }

// Their addresses are taken so that all of them are made.

using Kernel = void (*)(Launch);

template <int formula, int variant, bool live>
constexpr Kernel directions() {
  if constexpr (following<FormulaAt<formula>, variant>(0) >= 0) {
    return live ? &sum_directions_live<formula, variant> : &sum_directions<formula, variant>;
  } else {
    return nullptr;
  }
}

template <int formula, int... variant>
void take(std::integer_sequence<int, variant...>) {
  [[maybe_unused]] static volatile Kernel kernels[] = {&update<formula, variant>..., &update_live<formula, variant>...,
                                                       directions<formula, variant, false>()...,
                                                       directions<formula, variant, true>()...};
}

template <int... formula>
void take_all(std::integer_sequence<int, formula...>) {
  (take<formula>(std::make_integer_sequence<int, FormulaAt<formula>::Variants::count>()), ...);
}

template <class... F>
constexpr int count(List<F...>) {
  return sizeof...(F);
}

template void take_all(std::make_integer_sequence<int, count(Formulas{})>);

}  // namespace device
}  // namespace adabelief
