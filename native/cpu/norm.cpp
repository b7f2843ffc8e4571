#include "norm.h"

#include <algorithm>
#include <cmath>

#include "backend.h"
#include "float_environment.h"
#include "reduction.h"
#include "team.h"

namespace adabelief {

namespace {

/** In long double: the C library's pow for double would need a newer one than Node itself does. */
double power(double base, double exponent) {
  return static_cast<double>(std::pow(static_cast<long double>(base), static_cast<long double>(exponent)));
}

struct Tensors {
  const std::vector<Floats32>& list;
  double order;
};

double of_squares(const void* context, int row, std::size_t begin, std::size_t length, std::size_t after) {
  const float* x = static_cast<const Tensors*>(context)->list[static_cast<std::size_t>(row)].data + begin;
  return current_backend().loops->passes.sum_of_squares(x, 1, length, after);
}

double of_reading(const void* context, int row, std::size_t begin, std::size_t length, std::size_t) {
  const auto& tensors = *static_cast<const Tensors*>(context);
  return static_cast<double>(
      current_backend().loops->passes.read(tensors.list[static_cast<std::size_t>(row)].data + begin, length));
}

double of_powers(const void* context, int row, std::size_t begin, std::size_t length, std::size_t) {
  const auto& tensors = *static_cast<const Tensors*>(context);
  const float* x = tensors.list[static_cast<std::size_t>(row)].data + begin;
  double sum = 0;
  for (std::size_t i = 0; i < length; ++i) {
    const double magnitude = std::fabs(static_cast<double>(x[i]));
    sum += tensors.order == 1 ? magnitude : power(magnitude, tensors.order);
  }
  return sum;
}

double sum_on_team(const std::vector<Floats32>& tensors, Reduction::Sum sum, double order) {
  Reduction reduction;
  reduction.clear(static_cast<int>(tensors.size()));
  std::size_t elements = 0;
  for (std::size_t k = 0; k < tensors.size(); ++k) {
    reduction.add(static_cast<int>(k), tensors[k].length, tensors[k].length);
    elements += tensors[k].length;
  }
  reduction.finish();
  const Tensors context{tensors, order};
  reduction.run(std::min(team_threads(), threads_for(elements)), sum, &context);
  return reduction.total();
}

double largest(const std::vector<Floats32>& tensors) {
  float largest = 0;
  for (const Floats32& tensor : tensors) {
    for (std::size_t i = 0; i < tensor.length; ++i) {
      const float magnitude = std::fabs(tensor.data[i]);
      if (!(magnitude <= largest) && largest == largest) largest = magnitude;
    }
  }
  return largest;
}

}  // namespace

double read_on_team(const std::vector<Floats32>& tensors) {
  const FloatEnvironment environment;
  return sum_on_team(tensors, of_reading, 0);
}

double norm_on_team(const std::vector<Floats32>& tensors, double order) {
  const FloatEnvironment environment;
  if (std::isinf(order)) return largest(tensors);
  const double total = sum_on_team(tensors, order == 2 ? of_squares : of_powers, order);
  return order == 2 ? std::sqrt(total) : power(total, 1 / order);
}

void scale_on_team(const std::vector<Floats32>& tensors, float factor) {
  struct Scaling {
    Floats32 tensor;
    float factor;
  };
  const FloatEnvironment environment;
  for (const Floats32& tensor : tensors) {
    const Scaling scaling{tensor, factor};
    const auto scale = [](const void* context, Chunks chunks) {
      const auto& [target, by] = *static_cast<const Scaling*>(context);
      const std::size_t from = chunks.begin * chunk_length, to = std::min(chunks.end * chunk_length, target.length);
      current_backend().loops->passes.scale(target.data + from, by, to - from);
    };
    run_on_team(threads_for(tensor.length), (tensor.length + chunk_length - 1) / chunk_length, scale, &scaling);
  }
}

}  // namespace adabelief
