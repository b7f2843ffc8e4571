#include "accumulate.h"

#include <algorithm>

#include "../core/float_environment.h"
#include "backend.h"
#include "thread_pool.h"

namespace adabelief {

namespace {

struct Sum {
  decltype(Elementwise::accumulate) run;
  float* into;
  const float* const* sources;
  int count;
  float scale;
  std::size_t length;
};

void run_chunks(const void* context, Chunks chunks) {
  const Sum& sum = *static_cast<const Sum*>(context);
  sum.run(sum.into, sum.sources, sum.count, sum.scale, chunks.begin * chunk_length,
          std::min(sum.length, chunks.end * chunk_length));
}

}  // namespace

void accumulate_on_pool(float* into, const float* const* sources, int count, float scale, std::size_t length) {
  const Sum sum{current_backend().kernels->elementwise.accumulate, into, sources, count, scale, length};
  const FloatEnvironment environment;
  run_on_pool(threads_for(length), (length + chunk_length - 1) / chunk_length, run_chunks, &sum);
}

}  // namespace adabelief
