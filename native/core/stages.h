// What a step does besides its formula, and in which order. Every engine runs the passes and the stages as they are listed here.
#pragma once

#include <cstdint>

namespace adabelief {

/** What happens around a formula, one bit each. */
namespace stage {
constexpr std::int32_t centralize = 1;       // gradients, in tensors of more than one dimension
constexpr std::int32_t centralize_conv = 2;  // gradients, in tensors of more than three dimensions
constexpr std::int32_t begin = 4;            // Lookahead's slow weights are set to the parameter before the update
constexpr std::int32_t blend = 8;            // Lookahead's slow weights are blended with the parameter after the update
constexpr std::int32_t begin_ema = 16;       // the moving average is set to the parameter after all of that
constexpr std::int32_t ema = 32;             // the moving average moves towards the parameter after all of that
}  // namespace stage

/** What a step must know of whole tensors. */
struct Needs {
  bool squares;     // of the gradients: the norm of all of them together
  bool means;       // of the gradients by segment
  bool norms;       // of each tensor and of its gradient
  bool directions;  // the means of the update's directions by segment
  bool any() const { return squares || means || norms || directions; }
};

/** One pass over the rows of a table. */
enum class Pass {
  sum_gradients,         // prepared ones, by segment
  sum_data_squares,      // by tensor
  sum_gradient_squares,  // of prepared gradients, by tensor
  update,                // every element; of a formula that takes two halves, the first
  sum_directions,        // by segment, of a formula that takes two halves
  complete               // the second half
};

/** Calls `run(pass)` for the passes of a step, in their order. The clipping norm comes before them. */
template <class Run>
void each_pass(const Needs& needs, const Run& run) {
  if (needs.means) run(Pass::sum_gradients);
  if (needs.norms) run(Pass::sum_data_squares);
  if (needs.norms) run(Pass::sum_gradient_squares);
  run(Pass::update);
  if (needs.directions) run(Pass::sum_directions);
  if (needs.directions) run(Pass::complete);
}

/** Which part of an update a variant is. A variant that another one completes is the first half. */
enum class Half { whole, first, second };

/** Whether stages use Lookahead's slow weights; and the moving average. */
constexpr bool uses_slow(std::int32_t stages) { return (stages & (stage::begin | stage::blend)) != 0; }
constexpr bool uses_ema(std::int32_t stages) { return (stages & (stage::begin_ema | stage::ema)) != 0; }

/** Runs the stages of an update in their order. `step` has `begin()`, `update()` and `blend()`, over one element or over many. */
template <class Step>
constexpr void run_stages(std::int32_t stages, Half half, Step&& step) {
  if ((stages & stage::begin) != 0 && half != Half::second) step.begin();
  step.update();
  if ((stages & stage::blend) != 0 && half != Half::first) step.blend();
}

/** Runs the stage of the moving average, which comes after all others. `step` has `begin_ema()` and `ema()`. */
template <class Step>
constexpr void run_average(std::int32_t stages, Half half, Step&& step) {
  if (!uses_ema(stages) || half == Half::first) return;
  if ((stages & stage::begin_ema) != 0) {
    step.begin_ema();
  } else {
    step.ema();
  }
}

}  // namespace adabelief
