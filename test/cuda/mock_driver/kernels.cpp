#include "kernels.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/float_environment.h"
#include "cuda/array_kernels.h"
#include "cuda/kernel_names.h"
#include "cuda/kernels.h"

namespace adabelief {
namespace mock_driver {

namespace {

/** What a kernel touches of the rows that it works on. */
struct Uses {
  bool data, out, grad, slow, ema;
  int states;
  bool means, norms, sums, partials, new_means;
  bool every_row = false;
  bool steps = false, counts = false, live = false;  // what a device finds of a step
};

}  // namespace

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

Uses uses_of_clip(const Launch&) { return {false, false, false, false, false, 0, false, false, true, false, false, true}; }

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

/** A launch whose pointers are the host's. */
class Translated {
 public:
  Translated(const Launch& launch, unsigned blocks, const Uses& uses, const Translate& translate)
      : launch_(launch), uses_(uses), translate_(translate) {
    valid_ = translate_all(launch, blocks);
  }
  bool valid() const { return valid_; }
  const Launch& launch() const { return launch_; }

 private:
  template <class T>
  bool move(T*& pointer, std::size_t count) const {
    pointer = static_cast<T*>(translate_(pointer, count * sizeof(T)));
    return pointer != nullptr;
  }

  bool translate_all(const Launch& launch, unsigned blocks) {
    if (!move(launch_.pieces, blocks)) return false;
    std::size_t count = 0;
    for (unsigned k = 0; k < blocks; ++k) count = std::max<std::size_t>(count, launch_.pieces[k].row + 1);
    if (uses_.every_row) count = launch.count;
    if (!move(launch_.rows, count) || (launch.slot && !move(launch_.slot, 1))) return false;
    const std::size_t table = launch.table_rows;
    if (launch.steps && !move(launch_.steps, table)) return false;
    if ((uses_.steps && !launch.steps) || (uses_.counts && !move(launch_.counts, table)) ||
        (uses_.live && !move(launch_.live, 1))) {
      return false;
    }
    rows_.assign(launch_.rows, launch_.rows + count);
    launch_.rows = rows_.data();
    std::vector<bool> seen(count);
    for (unsigned k = 0; k < blocks; ++k) {
      const std::size_t row = launch_.pieces[k].row;
      if (launch_.pieces[k].begin >= rows_[row].cut.length) return false;
      if (launch.steps && rows_[row].number >= launch.table_rows) return false;
      if (!seen[row] && !translate_row(launch, rows_[row])) return false;
      seen[row] = true;
    }
    for (std::size_t row = 0; uses_.every_row && row < count; ++row) {
      if (!seen[row] && !translate_row(launch, rows_[row])) return false;
    }
    // What every row takes its part of was checked with the rows; here only the beginnings remain.
    return (!uses_.means || move(launch_.means, 0)) && (!uses_.norms || move(launch_.data_norms, 0)) &&
           (!uses_.norms || move(launch_.grad_norms, 0)) && (!uses_.sums || move(launch_.sums, 0)) &&
           (!partials_ || move(launch_.partials, 0)) && (!uses_.new_means || move(launch_.new_means, 0));
  }

  bool translate_row(const Launch& launch, DeviceRow& row) {
    const std::uint64_t length = row.cut.length;
    bool fine = (!uses_.data || move(row.data, length)) && (!uses_.out || move(row.out, length)) &&
                (!uses_.grad || move(row.grad, length)) && (!uses_.slow || move(row.slow, length)) &&
                (!uses_.ema || move(row.ema, length));
    for (int k = 0; k < uses_.states; ++k) fine = fine && move(row.state[k], length);
    const std::size_t segments = row.cut.segments();
    if (uses_.means) fine = fine && (segments == 0 || has(launch.means + row.segments, segments));
    if (uses_.new_means) fine = fine && has(launch.new_means + row.segments, segments);
    if (uses_.norms) fine = fine && has(launch.data_norms + row.tensor, 1) && has(launch.grad_norms + row.tensor, 1);
    if (!uses_.sums) return fine;
    const bool by_segments = launch.sum_of == SumOf::prepared;
    const Cut cut = by_segments ? row.cut : whole(row);
    if (uses_.partials && in_lanes(cut)) {
      partials_ = true;
      const std::uint64_t first = by_segments ? row.segment_partials : row.tensor_partials;
      fine = fine && has(launch.partials + first * sum_lanes, cut.all_blocks() * sum_lanes);
    }
    return fine && has(launch.sums + (by_segments ? row.segments : row.tensor), cut.all_blocks());
  }

  template <class T>
  bool has(const T* begin, std::size_t count) const {
    return translate_(begin, count * sizeof(T)) != nullptr;
  }

  Launch launch_;
  const Uses uses_;
  const Translate& translate_;
  std::vector<DeviceRow> rows_;
  bool partials_ = false;  // whether any row has some
  bool valid_;
};

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
