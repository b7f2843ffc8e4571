#include "convert.h"

#include <algorithm>

#include "../core/float_environment.h"
#include "backend.h"
#include "thread_pool.h"

namespace adabelief {

namespace {

template <class Into, class From>
struct Conversions {
  void (*run)(Into*, const From*, std::size_t);
  Into* into;
  const From* from;
  std::size_t length;
};

template <class Into, class From>
void on_pool(void (*run)(Into*, const From*, std::size_t), Into* into, const From* from, std::size_t length) {
  using Work = Conversions<Into, From>;
  const Work work{run, into, from, length};
  const auto run_chunks = [](const void* context, Chunks chunks) {
    const Work& all = *static_cast<const Work*>(context);
    const std::size_t begin = chunks.begin * chunk_length, end = std::min(all.length, chunks.end * chunk_length);
    all.run(all.into + begin, all.from + begin, end - begin);
  };
  const FloatEnvironment environment;
  run_on_pool(threads_for(length), (length + chunk_length - 1) / chunk_length, run_chunks, &work);
}

const Conversion& conversion(ElementType type) { return current_backend().kernels->elementwise.conversion(type); }

}  // namespace

void widen_on_pool(ElementType type, float* into, const std::uint16_t* from, std::size_t length) {
  on_pool(conversion(type).widen, into, from, length);
}

void narrow_on_pool(ElementType type, std::uint16_t* into, const float* from, std::size_t length) {
  on_pool(conversion(type).narrow, into, from, length);
}

}  // namespace adabelief
