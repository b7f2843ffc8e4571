#include "accumulate.h"

#include <algorithm>

#include "../core/float_environment.h"
#include "backend.h"
#include "pair_sum.h"
#include "thread_pool.h"

namespace adabelief {

namespace {

struct Sum {
  const Elementwise& loops;
  float* into;
  const float* const* sources;
  int count;
  float scale;
  std::size_t length;
};

void run_chunks(const void* context, Chunks chunks) {
  const Sum& sum = *static_cast<const Sum*>(context);
  sum.loops.accumulate(sum.into, sum.sources, sum.count, sum.scale, chunks.begin * chunk_length,
                       std::min(sum.length, chunks.end * chunk_length));
}

void run_chunks_in_pairs(const void* context, Chunks chunks) {
  const Sum& sum = *static_cast<const Sum*>(context);
  const std::size_t end = std::min(sum.length, chunks.end * chunk_length);
  float total[pair_piece];
  const float* source = total;
  for (std::size_t begin = chunks.begin * chunk_length; begin < end; begin += pair_piece) {
    const std::size_t length = std::min(pair_piece, end - begin);
    sum_in_pairs(sum.loops, sum.sources, sum.count, begin, length, total);
    sum.loops.accumulate(sum.into + begin, &source, 1, sum.scale, 0, length);
  }
}

}  // namespace

void accumulate_on_pool(float* into, const float* const* sources, int count, float scale, std::size_t length, SumOrder order) {
  const Sum sum{current_backend().kernels->elementwise, into, sources, count, scale, length};
  const FloatEnvironment environment;
  run_on_pool(threads_for(length), (length + chunk_length - 1) / chunk_length,
              order == SumOrder::pairs ? run_chunks_in_pairs : run_chunks, &sum);
}

}  // namespace adabelief
