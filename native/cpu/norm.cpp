#include "norm.h"

#include <algorithm>
#include <cmath>

#include "../core/float_environment.h"
#include "access.h"
#include "backend.h"
#include "block_sums.h"
#include "thread_pool.h"

namespace adabelief {

namespace {

/** In long double: the C library's pow for double would need a newer one than Node itself does. */
double power(double base, double exponent) {
  return static_cast<double>(std::pow(static_cast<long double>(base), static_cast<long double>(exponent)));
}

struct Tensors {
  const std::vector<Floats32>& list;
  double order;
  float scale = 1;  // of squares
};

double of_squares(const void* context, std::size_t row, std::size_t begin, std::size_t length, std::size_t after) {
  const auto& tensors = *static_cast<const Tensors*>(context);
  const float* x = reach(tensors.list[row].data, row, begin, length);
  return current_backend().kernels->elementwise.sum_of_squares(x, tensors.scale, length, after);
}

double of_reading(const void* context, std::size_t row, std::size_t begin, std::size_t length, std::size_t) {
  const auto& tensors = *static_cast<const Tensors*>(context);
  return static_cast<double>(
      current_backend().kernels->elementwise.read(reach(tensors.list[row].data, row, begin, length), length));
}

double of_powers(const void* context, std::size_t row, std::size_t begin, std::size_t length, std::size_t) {
  const auto& tensors = *static_cast<const Tensors*>(context);
  const float* x = reach(tensors.list[row].data, row, begin, length);
  double sum = 0;
  for (std::size_t i = 0; i < length; ++i) {
    const double magnitude = std::fabs(static_cast<double>(x[i]));
    sum += tensors.order == 1 ? magnitude : power(magnitude, tensors.order);
  }
  return sum;
}

/** Sums the blocks of tensors. firsts[k]: where the sums of tensor k begin. */
void sum_blocks(const Tensors& tensors, const std::vector<std::size_t>& firsts, BlockSums::Sum sum, double* sums) {
  BlockSums blocks;
  std::size_t elements = 0;
  for (std::size_t k = 0; k < tensors.list.size(); ++k) {
    const std::size_t length = tensors.list[k].length;
    if (length > 0) blocks.add(k, {length, length}, firsts[k]);
    elements += length;
  }
  blocks.run(std::min(pool_threads(), threads_for(elements)), sum, &tensors, sums);
}

double sum_on_pool(const std::vector<Floats32>& tensors, BlockSums::Sum sum, double order) {
  SumLayout layout;
  std::vector<std::size_t> firsts;
  layout.clear(tensors.size());
  for (std::size_t k = 0; k < tensors.size(); ++k) {
    layout.add(k, tensors[k].length, tensors[k].length);
    firsts.push_back(layout.first(k));
  }
  std::vector<double> sums(layout.count());
  sum_blocks({tensors, order}, firsts, sum, sums.data());
  layout.add_up(sums.data());
  return layout.total(sums.data());
}

double largest(const std::vector<Floats32>& tensors) {
  float largest = 0;
  for (std::size_t row = 0; row < tensors.size(); ++row) {
    for (std::size_t begin = 0; begin < tensors[row].length; begin += reduction_block) {
      const std::size_t length = std::min<std::size_t>(reduction_block, tensors[row].length - begin);
      const float* x = reach(tensors[row].data, row, begin, length);
      for (std::size_t i = 0; i < length; ++i) {
        const float magnitude = std::fabs(x[i]);
        if (!(magnitude <= largest) && largest == largest) largest = magnitude;
      }
    }
  }
  return largest;
}

}  // namespace

double read_on_pool(const std::vector<Floats32>& tensors) {
  const FloatEnvironment environment;
  return sum_on_pool(tensors, of_reading, 0);
}

double norm_on_pool(const std::vector<Floats32>& tensors, double order) {
  const FloatEnvironment environment;
  if (std::isinf(order)) return largest(tensors);
  const double total = sum_on_pool(tensors, order == 2 ? of_squares : of_powers, order);
  return order == 2 ? std::sqrt(total) : power(total, 1 / order);
}

void squares_of_blocks_on_pool(const std::vector<Floats32>& tensors, const std::vector<std::size_t>& firsts, float scale,
                               double* sums) {
  const FloatEnvironment environment;
  sum_blocks({tensors, 2, scale}, firsts, of_squares, sums);
}

void scale_on_pool(const std::vector<Floats32>& tensors, float factor) {
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
      current_backend().kernels->elementwise.scale(target.data + from, by, to - from);
    };
    run_on_pool(threads_for(tensor.length), (tensor.length + chunk_length - 1) / chunk_length, scale, &scaling);
  }
}

}  // namespace adabelief
