// Arrays from and to types of 16 bits, on the threads of the process.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../core/kernels.h"

namespace adabelief {

/** into[i] = from[i] in float32; exact. */
void widen_on_pool(ElementType type, float* into, const std::uint16_t* from, std::size_t length);
/** into[i] = from[i], rounded to nearest, ties to even. A NaN becomes one quiet NaN. */
void narrow_on_pool(ElementType type, std::uint16_t* into, const float* from, std::size_t length);

}  // namespace adabelief
