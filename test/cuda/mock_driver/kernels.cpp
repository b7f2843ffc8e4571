#include "kernels.h"

#include <string>
#include <unordered_map>

#include "core/float_environment.h"
#include "cuda/array_kernels.h"
#include "cuda/kernel_names.h"
#include "cuda/kernels.h"
#include "cuda/touched_kernels.h"
#include "translated.h"

namespace adabelief {
namespace mock_driver {

struct HostKernel {
  Run run;
  Uses (*uses)(const Launch&);
};

namespace {

template <class F, int variant, bool live>
void update(const Launch& launch, const Here& here) {
  update_piece<F, variant, live>(launch, here);
}

template <class F, int variant>
Uses uses_of_update(const Launch& launch) {
  return {true,
          true,
          !completes<F, variant>(),
          uses_slow(launch.stages),
          uses_ema(launch.stages),
          F::states(variant),
          launch.means != nullptr,
          needs_norms<F>(0),
          false,
          false,
          false};
}

template <class F, int variant, bool live>
void sum_directions(const Launch& launch, const Here& here) {
  sum_lane_of_directions<F, variant, live>(launch, here);
}

Uses uses_of_directions(const Launch&) { return {true, false, false, false, false, 2, false, false, true, true, false}; }

Uses uses_of_blocks(const Launch& launch) {
  const bool data = launch.sum_of != SumOf::squares_of_gradients, grad = launch.sum_of != SumOf::squares_of_data;
  const bool means = launch.sum_of == SumOf::squares_of_prepared && launch.means;
  return {data, false, grad, false, false, 0, means, false, true, true, false};
}

Uses uses_of_fold(const Launch&) { return {false, false, false, false, false, 0, false, false, true, true, false}; }

Uses uses_of_segments(const Launch& launch) {
  return {false, false, false, false, false, 0, false, false, true, false, launch.new_means != nullptr};
}

Uses uses_of_clip(const Launch& launch) {
  Uses uses{false, false, false, false, false, 0, false, false, true, false, false, launch.tensors == nullptr};
  uses.tensors = launch.tensors != nullptr;
  return uses;
}

Uses uses_of_repeated(const Launch&) {
  Uses uses{};
  uses.repeated = true;
  return uses;
}

Uses uses_of_touched(const Launch&) {
  Uses uses{};
  uses.sums = uses.partials = uses.touched = true;
  return uses;
}

Uses uses_of_accumulate(const Launch&) { return {true, true, true, false, false, 0, false, false, false, false, false, true}; }

Uses uses_of_begin(const Launch&) {
  return {false, false, false, false, false, 0, false, false, false, false, false, false, true, true, true};
}

Uses uses_of_end(const Launch&) {
  return {false, false, false, false, false, 0, false, false, false, false, false, false, true, true, false};
}

Uses uses_of_scale(const Launch&) { return {true, true, false, false, false, 0, false, false, false, false, false}; }

using Kernels = std::unordered_map<std::string, HostKernel>;

template <class F, int variant>
void add_variant(Kernels& kernels, int formula) {
  kernels[name_of(FormulaKernel::update, formula, variant)] = {&update<F, variant, false>, &uses_of_update<F, variant>};
  kernels[name_of(FormulaKernel::update_live, formula, variant)] = {&update<F, variant, true>, &uses_of_update<F, variant>};
  if constexpr (following<F, variant>(0) >= 0) {
    kernels[name_of(FormulaKernel::sum_directions, formula, variant)] = {&sum_directions<F, variant, false>, &uses_of_directions};
    kernels[name_of(FormulaKernel::sum_directions_live, formula, variant)] = {&sum_directions<F, variant, true>,
                                                                              &uses_of_directions};
  }
}

template <class F, int... variant>
void add_formula(Kernels& kernels, int formula, std::integer_sequence<int, variant...>) {
  (add_variant<F, variant>(kernels, formula), ...);
}

template <class... F>
Kernels all_kernels(List<F...>) {
  Kernels kernels;
  int formula = 0;
  (add_formula<F>(kernels, formula++, std::make_integer_sequence<int, F::Variants::count>()), ...);
  kernels[sum_blocks_kernel] = {&sum_lane, &uses_of_blocks};
  kernels[fold_blocks_kernel] = {&fold_block, &uses_of_fold};
  kernels[add_repeated_kernel] = {&add_repeated_piece, &uses_of_repeated};
  kernels[sum_touched_kernel] = {&sum_touched_lane, &uses_of_touched};
  kernels[clip_kernel] = {&find_clip, &uses_of_clip};
  kernels[sum_segments_kernel] = {&sum_segment, &uses_of_segments};
  kernels[accumulate_kernel] = {&accumulate_piece<sum_in_sequence>, &uses_of_accumulate};
  kernels[accumulate_pairs_kernel] = {&accumulate_piece<sum_in_pairs>, &uses_of_accumulate};
  kernels[begin_rows_kernel] = {&begin_row, &uses_of_begin};
  kernels[end_rows_kernel] = {&end_row, &uses_of_end};
  kernels[scale_kernel] = {&scale_piece, &uses_of_scale};
  for (auto& [name, kernel] : kernels) kernel.run = replaced(name, kernel.run);
  return kernels;
}

}  // namespace

const HostKernel* find_kernel(const char* name) {
  static const Kernels kernels = all_kernels(Formulas{});
  const auto found = kernels.find(name);
  return found == kernels.end() || !found->second.run ? nullptr : &found->second;
}

bool run_kernel(const HostKernel& kernel, const Launch& launch, unsigned blocks, unsigned threads, bool backwards,
                const Translate& translate) {
  const Translated translated(launch, blocks, kernel.uses(launch), translate);
  if (!translated.valid()) return false;
  const FloatEnvironment environment;
  for (unsigned block = 0; block < blocks; ++block) {
    for (unsigned thread = 0; thread < threads; ++thread) {
      const unsigned b = backwards ? blocks - 1 - block : block, t = backwards ? threads - 1 - thread : thread;
      kernel.run(translated.launch(), {b, t, threads});
    }
  }
  return true;
}

}  // namespace mock_driver
}  // namespace adabelief
