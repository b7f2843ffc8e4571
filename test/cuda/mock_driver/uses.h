// What a kernel touches, by which a launch is checked before any thread runs.
#pragma once

namespace adabelief {
namespace mock_driver {

/** What a kernel touches of the rows that it works on. */
struct Uses {
  bool data, out, grad, slow, ema;
  int states;
  bool means, norms, sums, partials, new_means;
  bool every_row = false;
  bool steps = false, counts = false, live = false;         // what a device finds of a step
  bool touched = false, repeated = false, tensors = false;  // of sparse gradients
};

}  // namespace mock_driver
}  // namespace adabelief
