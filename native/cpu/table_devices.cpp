// A step's part on devices: the list that they have of their rows, and its launches.
#include <algorithm>
#include <cstring>

#include "table.h"

namespace adabelief {

/** What a device has to know of a row. */
DeviceRow Table::device_row(int i) const {
  const Row& row = rows_[static_cast<std::size_t>(i)];
  const Span& span = row.span;
  DeviceRow result{span.data, span.out, span.grad, {}, row.slow, span.length, 0, 0, 0, 0};
  std::copy_n(span.state, max_states, result.state);
  for (const Reduction* sums : {needs_.means ? &means_ : nullptr, needs_.directions ? &directions_ : nullptr}) {
    if (!sums || !sums->has(i)) continue;
    result.segment = sums->segment(i);
    result.mean_blocks = sums->blocks(i);
    result.means = sums->first(i);
  }
  if (needs_.squares) result.norms = squares_.first(i);
  if (needs_.norms) result.norms = data_norms_.first(i);  // the rows of all three are the same
  return result;
}

/** Describes the sets of coefficients to devices, but for what happens to all gradients alike. */
void Table::describe_sets(const Work& work, const Formula& formula) {
  device_sets_.resize(static_cast<std::size_t>(work.sets));
  for (int k = 0; k < work.sets; ++k) {
    DeviceSet& set = device_sets_[static_cast<std::size_t>(k)];
    const float* coefficients = work.coefficients + static_cast<std::size_t>(k) * max_coefficients;
    Common common;
    std::memcpy(&common, coefficients, sizeof common);
    set.launch = {};
    std::copy_n(coefficients + common_coefficients, formula.coefficients, set.launch.coefficients);
    set.launch.stages = work.stages[k];
    set.launch.alpha = common.alpha;
    set.launch.factors = {static_cast<float>(work.gradients->scale), 1, common.decay, 0};
    set.variant = work.variants[k];
    set.following = formula.variant[set.variant].following;
    set.centralized =
        needs_.means && set.following < 0 && (set.launch.stages & (stage::centralize | stage::centralize_conv)) != 0;
  }
}

/** Makes the devices' lists, where they are to be other ones than before. */
void Table::lay_out_devices(const Work& work) {
  std::vector<std::int32_t> wanted(work.set_of_row, work.set_of_row + rows());
  wanted.insert(wanted.end(), work.variants, work.variants + work.sets);  // which say what is summed
  wanted.insert(wanted.end(), work.stages, work.stages + work.sets);
  for (const bool need : {needs_.squares, needs_.means, needs_.norms, needs_.directions}) wanted.push_back(need);
  if (!devices_changed_ && wanted == laid_out_) return;
  devices_changed_ = true;  // until all of it is done
  for (const auto& device : devices_) {
    if (device) device->clear();
  }
  for (int i = 0; i < rows(); ++i) {
    const Row& row = rows_[static_cast<std::size_t>(i)];
    if (!row.active || row.device == host || row.span.length == 0) continue;
    const auto ordinal = static_cast<std::size_t>(row.device);
    if (ordinal >= devices_.size()) devices_.resize(ordinal + 1);
    if (!devices_[ordinal]) devices_[ordinal] = std::make_unique<DeviceRows>(CudaDevice::at(row.device));
    devices_[ordinal]->add(device_row(i), i, work.set_of_row[i]);
  }
  for (const auto& device : devices_) {
    if (device) device->finish();
  }
  laid_out_ = std::move(wanted);
}

void Table::prepare_devices(const Work& work, const Formula& formula) {
  lay_out_devices(work);
  describe_sets(work, formula);
  std::size_t sums = 0;
  for (const Reduction* reduction : {&squares_, &means_, &directions_, &data_norms_, &grad_norms_}) {
    sums = std::max(sums, reduction->count());
  }
  for (const auto& device : devices_) {
    if (!device || device->empty()) continue;
    device->use(stream_);
    device->prepare(sums, static_cast<int>(formula_), device_sets_, needs_);
  }
  devices_changed_ = false;
}

void Table::sum_on_devices(Reduction& into) {
  for (const auto& device : devices_) {
    if (device && !device->empty()) device->sum_squares(device_sets_, into);
  }
}

void Table::run_on_devices(float scale, float clip) {
  for (DeviceSet& set : device_sets_) {
    set.launch.factors.scale = scale;
    set.launch.factors.clip = clip;
  }
  bool written = false;
  try {
    for (const auto& device : devices_) {
      if (!device || device->empty()) continue;
      device->run(static_cast<int>(formula_), device_sets_, needs_, written);
    }
  } catch (const CudaError& error) {
    if (!written || error.kind == CudaError::Kind::lost) throw;
    throw CudaError(CudaError::Kind::lost, std::string("A step failed in the middle: ") + error.what());
  }
}

void Table::synchronize() {
  for (const auto& device : devices_) {
    if (device) device->wait();
  }
}

}  // namespace adabelief
