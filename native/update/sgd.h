// Stochastic gradient descent with momentum, as PyTorch has it. State: b (momentum_buffer), with momentum alone.
#pragma once

#include "arithmetic.h"
#include "declare.h"

namespace adabelief {
namespace ADABELIEF_SET {

struct Sgd {
  static constexpr const char* name = "sgd";

  ADABELIEF_CHOICE(Momentum, none, first, running)  // the buffer of the first step is the gradient itself
  ADABELIEF_CHOICE(Nesterov, off, on)
  using Variants = Choices<Momentum, Nesterov>;
  static constexpr int states(int variant) { return Variants::of<Momentum>(variant) == Momentum::none ? 0 : 1; }

  /** `size` is −lr. */
  struct Own {
    ADABELIEF_FLOATS(momentum, one_minus_dampening, size)
  };
  using Coefficients = CoefficientsOf<Own>;

  template <int variant, class Float>
  static ADABELIEF_INLINE Float update(const Coefficients& c, Float p, Float g, Float& momentum_buffer, Float&, Float&) {
    Float direction = g;
    constexpr auto momentum = Variants::of<Momentum>(variant);
    if (momentum != Momentum::none) {
      const Float b = momentum == Momentum::first ? g : fma(g, c.one_minus_dampening, momentum_buffer * c.momentum);
      momentum_buffer = b;
      direction = Variants::of<Nesterov>(variant) == Nesterov::on ? fma(b, c.momentum, g) : b;
    }
    return fma(direction, c.size, p);
  }
};

}  // namespace ADABELIEF_SET
}  // namespace adabelief
