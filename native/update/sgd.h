// Stochastic gradient descent with momentum, as PyTorch has it. State: b (momentum_buffer), with momentum alone.
#pragma once

#include "arithmetic.h"

namespace adabelief {
namespace ADABELIEF_SET {

struct Sgd {
  static constexpr const char* name = "sgd";

  enum Momentum { none, first, running, momenta };  // the buffer of the first step is the gradient itself

  static constexpr int variants = 2 * momenta;
  static constexpr Momentum momentum(int variant) { return static_cast<Momentum>(variant % momenta); }
  static constexpr bool nesterov(int variant) { return variant / momenta; }
  static constexpr int states(int variant) { return momentum(variant) == none ? 0 : 1; }

  struct Coefficients {
    float momentum, one_minus_dampening;
    float step_size;  // −lr
  };

  template <int variant, class Float>
  static ADABELIEF_INLINE Float update(const Coefficients& c, Float p, Float g, Float& momentum_buffer, Float&, Float&) {
    Float direction = g;
    if (momentum(variant) != none) {
      const Float b = momentum(variant) == first ? g : fma(g, c.one_minus_dampening, momentum_buffer * c.momentum);
      momentum_buffer = b;
      direction = nesterov(variant) ? fma(b, c.momentum, g) : b;
    }
    return fma(direction, c.step_size, p);
  }
};

}  // namespace ADABELIEF_SET
}  // namespace adabelief
