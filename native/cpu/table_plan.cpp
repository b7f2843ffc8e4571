// What a step over a table has to know of whole tensors before it updates them.
#include "table.h"

namespace adabelief {

/** How long the rows are that share a mean; 0: this tensor is not centralized. */
std::size_t Table::segment(const Row& row, std::int32_t stages) const {
  const bool wanted =
      ((stages & stage::centralize) != 0 && row.dimensions > 1) || ((stages & stage::centralize_conv) != 0 && row.dimensions > 3);
  return wanted && row.span.length > 0 ? row.span.length / row.first : 0;
}

/** Decides what is to be summed, and makes room for it. */
void Table::plan(const Work& work, const Formula& formula) {
  needs_ = {work.gradients->max_norm >= 0 || work.gradients->skip_non_finite != 0, false, formula.with_norms != nullptr, false};
  for (int set = 0; set < work.sets; ++set) {
    const bool late = formula.variant[work.variants[set]].directions;
    const bool centralized = (work.stages[set] & (stage::centralize | stage::centralize_conv)) != 0;
    if (late) needs_.directions = true;
    if (centralized && !late) needs_.means = true;
  }
  if (!needs_.any()) return;
  const auto all = {&squares_, &means_, &directions_, &data_norms_, &grad_norms_};
  for (Reduction* reduction : all) reduction->clear(rows());
  for (int i = 0; i < rows(); ++i) {
    const Row& row = rows_[static_cast<std::size_t>(i)];
    const int set = work.set_of_row[i];
    if (set < 0) continue;
    const std::size_t length = row.span.length, segment = this->segment(row, work.stages[set]);
    const bool late = formula.variant[work.variants[set]].directions, here = row.device == host;
    if (segment > 0) (late ? directions_ : means_).add(i, length, segment, here);
    if (needs_.squares) squares_.add(i, length, length, here);
    if (needs_.norms) data_norms_.add(i, length, length, here);
    if (needs_.norms) grad_norms_.add(i, length, length, here);
  }
  for (Reduction* reduction : all) reduction->finish();
}

}  // namespace adabelief
