// How the loops reach the memory of a tensor. Native code reaches all of it. WebAssembly reaches its own memory only: JavaScript
// copies other arrays there and back piece by piece. Such pieces stay in the processor's caches and need little memory.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../table/plan.h"

namespace adabelief {

/** What a pass needs of a row, one bit each. */
namespace access {
constexpr int data = 1, grad = 2, states = 4, update = 8;  // `update` reads all of them, and writes all but the gradient
}  // namespace access

#if defined(__wasm__)

/** While it lives, a piece of a row can be used: the row's pointers lead to copies of outside arrays. */
class Access {
 public:
  static constexpr std::size_t most = 16384;  // elements of a piece

  Access(const Plan& plan, std::size_t row, std::size_t begin, std::size_t length, int uses);
  ~Access();
  Access(const Access&) = delete;
  Access& operator=(const Access&) = delete;

 private:
  template <class Pointer>
  void take(Pointer*& pointer, Role role, bool loads, ElementType type = ElementType::float32);

  Row& row_;
  const Row saved_;
  const std::size_t number_, begin_, length_;
  const bool writes_;
};

/** Some elements of the array with this number in a list, for reading, at most `most`. */
const float* reach(const float* array, std::size_t number, std::size_t begin, std::size_t length);

#else

/** While it lives, a piece of a row can be used. */
class Access {
 public:
  static constexpr std::size_t most = SIZE_MAX;  // elements of a piece
  Access(const Plan&, std::size_t, std::size_t, std::size_t, int) {}
};

/** Some elements of the array with this number in a list, for reading. */
inline const float* reach(const float* array, std::size_t, std::size_t begin, std::size_t) { return array + begin; }

#endif

}  // namespace adabelief
