// How the loops reach the memory of a tensor. Native code reaches all of it. WebAssembly reaches its own memory only, and copies
// pieces of other arrays there and back: see native/wasm/access.h.
#pragma once

#if defined(__wasm__)
#include "../wasm/access.h"
#else

#include <cstddef>
#include <cstdint>

#include "../table/plan.h"

namespace adabelief {

/** What a pass needs of a row, one bit each. */
namespace access {
constexpr int data = 1, grad = 2, states = 4, update = 8;  // `update` reads all of them, and writes all but the gradient
}  // namespace access

/** While it lives, a piece of a row can be used. */
class Access {
 public:
  static constexpr std::size_t most = SIZE_MAX;  // elements of a piece
  Access(const Plan&, std::size_t, std::size_t, std::size_t, int) {}
};

/** Some elements of the array with this number in a list, for reading. */
inline const float* reach(const float* array, std::size_t, std::size_t begin, std::size_t) { return array + begin; }

}  // namespace adabelief

#endif
