#include "exchange.h"

#include <algorithm>

#include "../core/float_environment.h"
#include "../cpu/backend.h"
#include "../cpu/pair_sum.h"
#include "../cpu/thread_pool.h"

namespace adabelief::mpi {

namespace {

float* room(std::vector<float>& memory, std::size_t length) {
  if (memory.size() < length) memory.resize(length);
  return memory.data();
}

std::vector<int> places_of(const std::vector<int>& counts) {
  std::vector<int> places(counts.size());
  for (std::size_t k = 1; k < counts.size(); ++k) places[k] = places[k - 1] + counts[k - 1];
  return places;
}

struct Sum {
  const Elementwise& loops;
  std::vector<const float*> sources;
  float* into;
  std::size_t length;
};

void sum_chunks(const void* context, Chunks chunks) {
  const Sum& sum = *static_cast<const Sum*>(context);
  const std::size_t end = std::min(sum.length, chunks.end * chunk_length);
  for (std::size_t begin = chunks.begin * chunk_length; begin < end; begin += pair_piece) {
    const std::size_t length = std::min(pair_piece, end - begin);
    sum_in_pairs(sum.loops, sum.sources.data(), static_cast<int>(sum.sources.size()), begin, length, sum.into + begin);
  }
}

/** What a bucket's exchange of parameters needs until it is done. */
struct Gathering {
  Request request;
  std::vector<int> places;
  float* memory = nullptr;
  bool direct = false;
};

void begin_gathering(World& world, const Bucket& bucket, Gathering& gathering) {
  gathering.places = bucket.places();
  gathering.memory = bucket.whole();
  gathering.direct = gathering.memory != nullptr;
  if (!gathering.direct) {
    gathering.memory = room(world.scratch().send, bucket.length());
    const auto rank = static_cast<std::size_t>(world.rank());
    const auto begin = static_cast<std::size_t>(gathering.places[rank]);
    bucket.read(begin, begin + static_cast<std::size_t>(bucket.counts[rank]), gathering.memory + begin);
  }
  gathering.request = {};
  world.check(
      world.api().iallgatherv(gathering.memory, bucket.counts.data(), gathering.places.data(), Type::f32, gathering.request),
      "MPI_Iallgatherv");
}

void finish_gathering(World& world, const Bucket& bucket, Gathering& gathering) {
  world.wait(gathering.request, "MPI_Iallgatherv");
  if (!gathering.direct) bucket.write(0, bucket.length(), gathering.memory);
}

}  // namespace

void GradientSum::begin(World& world) {
  const auto size = static_cast<std::size_t>(world.size());
  const int own = gradients_.counts[static_cast<std::size_t>(world.rank())];
  scratch_ = &world.scratch();
  const float* send = gradients_.whole();
  if (!send) {
    float* packed = room(scratch_->send, gradients_.length());
    gradients_.read(0, gradients_.length(), packed);
    send = packed;
  }
  float* receive = room(scratch_->receive, size * static_cast<std::size_t>(own));
  places_ = gradients_.places();
  own_counts_.assign(size, own);
  own_places_ = places_of(own_counts_);
  world.check(world.api().ialltoallv(send, gradients_.counts.data(), places_.data(), receive, own_counts_.data(),
                                     own_places_.data(), Type::f32, request_),
              "MPI_Ialltoallv");
}

void GradientSum::finish(World& world) {
  world.wait(request_, "MPI_Ialltoallv");
  const auto length = static_cast<std::size_t>(own_counts_[0]);
  Sum sum{current_backend().kernels->elementwise, {}, own_, length};
  for (const int place : own_places_) sum.sources.push_back(scratch_->receive.data() + place);
  const FloatEnvironment environment;
  run_on_pool(threads_for(length * own_counts_.size()), (length + chunk_length - 1) / chunk_length, sum_chunks, &sum);
}

void gather(World& world, const std::vector<Bucket>& buckets) {
  std::vector<Gathering> gatherings(buckets.size());
  for (std::size_t k = 0; k <= buckets.size(); ++k) {
    if (k < buckets.size()) begin_gathering(world, buckets[k], gatherings[k]);
    if (k > 0) finish_gathering(world, buckets[k - 1], gatherings[k - 1]);
  }
}

void merge(World& world, double* values, std::size_t count) {
  Request request;
  world.check(world.api().iallreduce(values, static_cast<int>(count), Type::f64, Reduction::sum, request), "MPI_Iallreduce");
  world.wait(request, "MPI_Iallreduce");
}

void transfer(World& world, const void* from, const std::vector<int>& counts, void* into, const std::vector<int>& into_counts) {
  const std::vector<int> places = places_of(counts), into_places = places_of(into_counts);
  Request request;
  world.check(world.api().ialltoallv(from, counts.data(), places.data(), into, into_counts.data(), into_places.data(), Type::byte,
                                     request),
              "MPI_Ialltoallv");
  world.wait(request, "MPI_Ialltoallv");
}

void broadcast(World& world, void* data, std::size_t bytes, int root) {
  constexpr std::size_t most = std::size_t{1} << 26;
  for (std::size_t at = 0; at < bytes; at += most) {
    Request request;
    const int count = static_cast<int>(std::min(most, bytes - at));
    world.check(world.api().ibcast(static_cast<char*>(data) + at, count, Type::byte, root, request), "MPI_Ibcast");
    world.wait(request, "MPI_Ibcast");
  }
}

}  // namespace adabelief::mpi
