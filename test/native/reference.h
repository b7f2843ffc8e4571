// AdaBelief as PyTorch computes it: a sequence of tensor operations, each a loop of its own that rounds to float32.
// Written from the published classes and not from native/update/, so that a mistake in one of the two shows.
#pragma once

#include <cmath>
#include <vector>

#include "exact_fma.h"

namespace reference {

using Tensor = std::vector<float>;

inline void mul_(Tensor& self, float scalar) {
  for (float& value : self) value *= scalar;
}
inline void add_(Tensor& self, float scalar) {
  for (float& value : self) value += scalar;
}
inline void add_(Tensor& self, const Tensor& other, float alpha) {
  for (std::size_t i = 0; i < self.size(); ++i) self[i] = exact_fma(other[i], alpha, self[i]);
}
inline void addcmul_(Tensor& self, const Tensor& a, const Tensor& b, float value) {
  for (std::size_t i = 0; i < self.size(); ++i) self[i] = exact_fma(value * a[i], b[i], self[i]);
}
inline void addcdiv_(Tensor& self, const Tensor& a, const Tensor& b, float value) {
  for (std::size_t i = 0; i < self.size(); ++i) self[i] += value * a[i] / b[i];
}
inline Tensor sub(const Tensor& a, const Tensor& b) {
  Tensor result(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) result[i] = a[i] - b[i];
  return result;
}
/** torch.max of two tensors: a NaN on either side is handed on. */
inline Tensor max(const Tensor& a, const Tensor& b) {
  Tensor result(a.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    result[i] = std::isnan(a[i]) ? a[i] : std::isnan(b[i]) ? b[i] : a[i] > b[i] ? a[i] : b[i];
  return result;
}
inline Tensor sqrt(const Tensor& a) {
  Tensor result(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) result[i] = std::sqrt(a[i]);
  return result;
}
inline void div_(Tensor& self, float scalar) {
  for (float& value : self) value /= scalar;
}

/** The scalars of a step, already float32 as a kernel receives them. */
struct Scalars {
  float decay, beta1, one_minus_beta1, beta2, one_minus_beta2, eps, sqrt_bias_correction2, step_size;
};

enum class Decay { none, decoupled, coupled };
enum class Amsgrad { none, v005, v021 };
enum class Phase { plain, rectified021, momentum, frozen };

inline void step(const Scalars& k, Decay decay, Amsgrad amsgrad, Phase phase, Tensor& p, Tensor g, Tensor& exp_avg,
                 Tensor& exp_avg_var, Tensor& max_exp_avg_var) {
  if (decay == Decay::decoupled) mul_(p, k.decay);
  if (decay == Decay::coupled) add_(g, p, k.decay);
  mul_(exp_avg, k.beta1);
  add_(exp_avg, g, k.one_minus_beta1);
  const Tensor residual = sub(g, exp_avg);
  mul_(exp_avg_var, k.beta2);
  addcmul_(exp_avg_var, residual, residual, k.one_minus_beta2);
  Tensor variance;
  if (amsgrad == Amsgrad::v005) {
    max_exp_avg_var = max(max_exp_avg_var, exp_avg_var);
    add_(max_exp_avg_var, k.eps);
    variance = max_exp_avg_var;
  } else {
    add_(exp_avg_var, k.eps);
    if (amsgrad == Amsgrad::v021) max_exp_avg_var = max(max_exp_avg_var, exp_avg_var);
    variance = amsgrad == Amsgrad::v021 ? max_exp_avg_var : exp_avg_var;
  }
  if (phase == Phase::frozen) return;
  if (phase == Phase::momentum) return add_(p, exp_avg, k.step_size);
  Tensor denominator = sqrt(phase == Phase::rectified021 ? exp_avg_var : variance);
  if (phase == Phase::plain) div_(denominator, k.sqrt_bias_correction2);
  add_(denominator, k.eps);
  addcdiv_(p, exp_avg, denominator, k.step_size);
}

}  // namespace reference
