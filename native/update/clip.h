// Clipping by norm, as torch.nn.utils.clip_grad_norm_ has it.
#pragma once

namespace adabelief {

/** The factor that brings a norm down to `max_norm`: 1 where it is below; NaN stays. */
constexpr double clip_coefficient(double norm, double max_norm) {
  const double coefficient = max_norm / (norm + 1e-6);
  return coefficient > 1 ? 1 : coefficient;
}

}  // namespace adabelief
