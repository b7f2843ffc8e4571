// One tensor in a table.
#pragma once

#include "../core/span.h"
#include "touched_rows.h"

namespace adabelief {

/** The place of rows in the processor's own memory. Devices have their numbers, from 0. */
constexpr int host = -1;

/** What a piece of memory is to its parameter. Roles from `state` on are state arrays; the last two are those of Lookahead and
 * of the moving average. */
enum class Role : int { data, out, grad, state, slow = state + max_states, ema };

struct Row {
  Span span{};                     // its gradient: all of it, or the values of a sparse one
  TouchedRows* touched = nullptr;  // by a sparse gradient; null: the gradient is not sparse
  float* slow = nullptr;           // Lookahead's slow weights, or null
  float* ema = nullptr;            // the moving average, or null
  int states = 0;                  // how many of the span's states there are
  int place = host;
  int dimensions = 1;
  std::size_t first = 1;  // the first dimension
  NoiseOfRow noise{};     // by which states of fewer bits are rounded
  bool bound = false;

  /** The elements that a step updates. */
  std::size_t length() const { return touched ? touched->length() : span.length; }
  /** The elements of its gradient. */
  std::size_t grad_length() const { return touched ? touched->values() : span.length; }
};

}  // namespace adabelief
