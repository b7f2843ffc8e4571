// The kernels as a driver takes them, where nvcc was there when this was built.
#pragma once

namespace adabelief {

struct Image {
  const void* fatbin;  // for drivers of the toolkit's line; null: this build has none
  const void* ptx;     // text, for older ones
};

const Image& image();

}  // namespace adabelief
