// Why an array cannot be used.
#pragma once

namespace adabelief {

/** JavaScript knows the numbers by these names. */
enum class Problem { none, not_float32, detached, other_length, not_device, other_device, disposed };

}  // namespace adabelief
