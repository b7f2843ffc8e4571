// A step that was prepared: the norm of all gradients, where it is needed, then every pass on every engine.
#include <cmath>

#include "../core/error.h"
#include "../core/float_environment.h"
#include "../update/clip.h"
#include "table.h"

namespace adabelief {

void Table::run(int threads) {
  const FloatEnvironment environment;
  plan_.threads = threads;
  Gradients& gradients = *plan_.request().gradients;
  gradients.norm = -1;
  gradients.skipped = 0;
  if (plan_.needs().squares && !leave_norm() && !sum_squares()) {
    gradients.skipped = 1;
    return;
  }
  run_passes();
}

/** Leaves the norm on the device, where all rows at work lie on that of the slots and the host decides nothing by the norm. */
bool Table::leave_norm() {
  Gradients& gradients = *plan_.request().gradients;
  const bool in_range = gradients.slot >= 0 && gradients.slot < static_cast<double>(slots_.count);
  const bool stays = plan_.capturable() || (gradients.skip_non_finite == 0 && gradients.max_norm >= 0);
  if (!in_range || !stays) return false;
  for (const auto& [place, seat] : seats_) {
    if (seat.at_work && place != slots_.place) return false;
  }
  const auto found = seats_.find(slots_.place);
  NormSlot* slot = slots_.begin + static_cast<std::size_t>(gradients.slot);
  if (found == seats_.end() || !found->second.at_work || !found->second.engine->leave_norm(plan_, slot)) return false;
  plan_.slot = slot;
  gradients.norm = left_on_device;
  return true;
}

/** Finds the norm and the factor that clips it. False: the gradients are not finite, and the step is to be skipped. */
bool Table::sum_squares() {
  Gradients& gradients = *plan_.request().gradients;
  for (auto& [place, seat] : seats_) {
    if (seat.at_work) seat.engine->sum_squares(plan_, squares_.data());
  }
  plan_.tensors().add_up(squares_.data());
  gradients.norm = std::sqrt(plan_.tensors().total(squares_.data()));
  // Squares of floats cannot overflow a double: the sum is finite if all of them are.
  if (gradients.skip_non_finite != 0 && !std::isfinite(gradients.norm)) return false;
  if (gradients.max_norm >= 0) plan_.clip = static_cast<float>(clip_coefficient(gradients.norm, gradients.max_norm));
  return true;
}

void Table::run_passes() {
  bool written = false;
  for (auto& [place, seat] : seats_) {
    if (!seat.at_work) continue;
    try {
      seat.engine->begin_steps(plan_);
      each_pass(plan_.needs(), [&, &engine = *seat.engine](Pass pass) {
        engine.run(plan_, pass);
        if (pass == Pass::update) written = true;
      });
      seat.engine->end_steps(plan_);
    } catch (const EngineError& error) {
      if (!written) throw;
      throw error.in_the_middle();
    }
  }
}

}  // namespace adabelief
