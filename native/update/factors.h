// The factors by which a step prepares gradients: plain data, the same for every instruction set and device.
#pragma once

namespace adabelief {

/** The neutral values are 1, 1, 0, 0. */
struct Factors {
  float scale, clip;
  float decay;  // coupled weight decay
  float mean;   // of the segment, with gradient centralization
};

}  // namespace adabelief
