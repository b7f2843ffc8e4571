// The first touch of fresh memory, by all threads of the pool.
#pragma once

#include <cstddef>

namespace adabelief {

/** A `FirstTouch`: writes to every page. A read would map the system's shared page of zeros, and the first write would then cost
 * a second fault for every page. */
void touch_on_pool(void* memory, std::size_t bytes);

}  // namespace adabelief
