// The kernels as a driver takes them, where nvcc was there when this was built.
#pragma once

#include <string>

namespace adabelief {

struct Image {
  const void* fatbin;  // for drivers of the toolkit's line; null: this build has none
  const void* ptx;     // text, for older ones
};

const Image& image();

/** The symbol of a kernel in the image, or null. */
const char* kernel_symbol(const std::string& name);

}  // namespace adabelief
