// Arrays outside of WebAssembly's memory, which JavaScript copies in and out piece by piece. Pieces that stay in the processor's
// caches cost less than whole arrays, and need hardly any memory.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../table/plan.h"

namespace adabelief {

namespace access {
constexpr int data = 1, grad = 2, states = 4, update = 8;
}  // namespace access

/** While it lives, a piece of a row can be used: the row's pointers lead to copies of what lies outside. */
class Access {
 public:
  static constexpr std::size_t most = 16384;  // elements of a piece

  Access(const Plan& plan, std::size_t row, std::size_t begin, std::size_t length, int uses);
  ~Access();
  Access(const Access&) = delete;
  Access& operator=(const Access&) = delete;

 private:
  template <class Pointer>
  void take(Pointer*& pointer, Role role, bool loads);

  Row& row_;
  const Row saved_;
  const std::size_t number_, begin_, length_;
  const bool writes_;
};

/** Some elements of the array with this number in a list, for reading, at most `most`. */
const float* reach(const float* array, std::size_t number, std::size_t begin, std::size_t length);

/** Arrays outside of the memory have addresses from its end on, which only tell them apart. */
bool is_outside(const float* array);

}  // namespace adabelief
