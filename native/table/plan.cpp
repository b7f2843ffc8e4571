#include "plan.h"

#include <cstring>

namespace adabelief {

namespace {

/** What the norm is summed over: a whole tensor, or the blocks of it that a sparse gradient touches. The others would add zeros.
 */
std::size_t tensor_of(const Row& row) { return row.touched ? row.touched->blocks() * reduction_block : row.span.length; }

/** The length of a tensor's segments; 0: it is not centralized. */
std::size_t segment_of(const Row& row, std::int32_t stages) {
  const bool wanted =
      ((stages & stage::centralize) != 0 && row.dimensions > 1) || ((stages & stage::centralize_conv) != 0 && row.dimensions > 3);
  return wanted && row.length() > 0 ? row.span.length / row.first : 0;
}

}  // namespace

Plan::Plan(const std::vector<Row>& rows, int formula) : rows_(rows), formula_(formula) {}

void Plan::make(const StepRequest& request, const std::vector<std::size_t>& touched) {
  request_ = request;
  touched_ = touched;
  scale = static_cast<float>(request.gradients->scale);
  clip = static_cast<float>(request.gradients->clip);
  slot = nullptr;
  read_sets();
  lay_out();
}

void Plan::read_sets() {
  needs_ = {request_.gradients->max_norm >= 0 || request_.gradients->skip_non_finite != 0, false, traits().norms, false};
  sets_.resize(static_cast<std::size_t>(request_.sets));
  for (std::size_t k = 0; k < sets_.size(); ++k) {
    PlannedSet& set = sets_[k];
    const float* coefficients = request_.coefficients + k * max_coefficients;
    set.variant = request_.variants[k];
    set.other = capturable() ? request_.live[k].other : -1;
    set.following = traits().variant[set.variant].following;
    set.stages = request_.stages[k];
    set.centralized = set.following < 0 && (set.stages & (stage::centralize | stage::centralize_conv)) != 0;
    std::memcpy(&set.common, coefficients, sizeof set.common);
    set.coefficients = coefficients + common_coefficients;
    const double* noise = request_.noise + 2 * k;
    set.noise = {static_cast<std::uint64_t>(noise[0]), static_cast<std::uint64_t>(noise[1])};
    if (set.following >= 0) needs_.directions = true;
    if (set.centralized) needs_.means = true;
  }
}

/** Rows with a sparse gradient come last: they have other blocks at each step, and the sums of the others stay where they are. */
void Plan::lay_out() {
  if (!needs_.any()) return;
  tensors_.clear(rows_.size());
  segments_.clear(rows_.size());
  each_active([&](std::size_t row) {
    if (!rows_[row].touched) lay_out(row);
  });
  for (const std::size_t row : touched_) lay_out(row);
}

void Plan::lay_out(std::size_t row) {
  const std::size_t segment = segment_of(rows_[row], set_of(row).stages);
  if (needs_.squares || needs_.norms) tensors_.add(row, tensor_of(rows_[row]), tensor_of(rows_[row]));
  if (segment > 0) segments_.add(row, rows_[row].length(), segment);
}

}  // namespace adabelief
