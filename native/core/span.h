// The memory of a tensor, and pieces of it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "element_type.h"
#include "noise.h"

namespace adabelief {

constexpr int max_states = 3;

/** Addresses that are likely to be needed after a span. They are prefetched and never read. All 0: not known. */
struct Ahead {
  std::uintptr_t data, grad, state[max_states];
};

/** An array of floats. */
struct Floats32 {
  float* data;
  std::size_t length;
};

/** One tensor's memory, or a piece of it. `out` is `data` itself or disjoint from everything else. States of another type than
 * float32 are not read as floats: their pointers are addresses alone. */
struct Span {
  const float* data;
  float* out;
  const float* grad;
  float* state[max_states];
  std::size_t length;
  Ahead ahead{};
  ElementType state_type = ElementType::float32;
  Noise noise{};  // by which such states are rounded
};

/** The address of an element. Computed as a number: in WebAssembly an array may be a copy that begins at a later element. */
template <class Pointer>
Pointer* element_of(Pointer* array, std::size_t index, ElementType type = ElementType::float32) {
  return reinterpret_cast<Pointer*>(reinterpret_cast<std::uintptr_t>(array) + index * size_of(type));
}

inline Span piece_of(const Span& span, std::size_t begin, std::size_t length) {
  Span piece{element_of(span.data, begin), element_of(span.out, begin), element_of(span.grad, begin), {}, length};
  for (int k = 0; k < max_states; ++k) {
    piece.state[k] = span.state[k] ? element_of(span.state[k], begin, span.state_type) : nullptr;
  }
  piece.state_type = span.state_type;
  piece.noise = {span.noise.key, span.noise.first + static_cast<std::uint32_t>(begin)};
  return piece;
}

/** The addresses of a span from an element on. */
inline Ahead addresses_from(const Span& span, std::size_t begin) {
  const auto at = [begin](const float* array, ElementType type) {
    return reinterpret_cast<std::uintptr_t>(array) + begin * size_of(type);
  };
  const ElementType type = span.state_type;
  return {at(span.data, ElementType::float32),
          at(span.grad, ElementType::float32),
          {at(span.state[0], type), at(span.state[1], type), at(span.state[2], type)}};
}

}  // namespace adabelief
