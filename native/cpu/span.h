// The memory of a tensor, and pieces of it.
#pragma once

#include <cstddef>

namespace adabelief {

constexpr int max_states = 3;

/** Memory that is likely to be needed next: fetched into the caches, and not touched otherwise. */
struct Next {
  const float* data;
  const float* grad;
  const float* state[max_states];
  std::size_t length;
};

/** One tensor's memory, or a piece of it. `out` is `data` itself or disjoint from everything else. */
struct Span {
  const float* data;
  float* out;
  const float* grad;
  float* state[max_states];
  std::size_t length;
  Next next{};
};

/** A span's memory from an element on. */
inline Next from(const Span& span, std::size_t begin) {
  Next next{span.data + begin, span.grad + begin, {}, span.length - begin};
  for (int k = 0; k < max_states; ++k) next.state[k] = span.state[k] ? span.state[k] + begin : nullptr;
  return next;
}

inline Span piece_of(const Span& span, std::size_t begin, std::size_t length) {
  Span piece{span.data + begin, span.out + begin, span.grad + begin, {}, length};
  for (int k = 0; k < max_states; ++k) piece.state[k] = span.state[k] ? span.state[k] + begin : nullptr;
  piece.next = begin + length < span.length ? from(span, begin + length) : span.next;
  return piece;
}

}  // namespace adabelief
