#include "measure.h"

#include <algorithm>
#include <chrono>
#include <memory>

#include "agreement.h"
#include "exchange.h"

namespace adabelief::mpi {

namespace {

/** The parts of ranks, as even as they can be. */
std::vector<int> shares_of(std::size_t length, int ranks) {
  std::vector<int> shares;
  const auto count = static_cast<std::size_t>(ranks);
  for (std::size_t k = 0; k < count; ++k) {
    shares.push_back(static_cast<int>(length * (k + 1) / count - length * k / count));
  }
  return shares;
}

class Exchanges {
 public:
  Exchanges(World& world, float* data, std::size_t length, std::size_t bucket)
      : world_(world), data_(data), length_(length), own_(length) {
    for (std::size_t at = 0; at < length; at += bucket) {
      const std::size_t size = std::min(bucket, length - at);
      buckets_.push_back({{{data + at, size}}, shares_of(size, world.size())});
    }
  }

  void run(Cost cost) {
    switch (cost) {
      case Cost::agreement: return agree(world_, {});
      case Cost::transfer: return transfer_all();
      case Cost::exchange: return exchange();
      case Cost::allreduce:
        return world_.check(world_.api().allreduce(data_, static_cast<int>(length_), Type::f32), "MPI_Allreduce");
    }
  }

 private:
  void transfer_all() {
    const std::vector<int> counts = shares_of(length_, world_.size());
    std::vector<int> bytes, own;
    for (const int count : counts) bytes.push_back(count * static_cast<int>(sizeof(float)));
    own.assign(counts.size(), bytes[static_cast<std::size_t>(world_.rank())]);
    transfer(world_, data_, bytes, own_.data(), own);
  }

  void exchange() {
    std::unique_ptr<GradientSum> before;
    float* own = own_.data();
    for (const Bucket& bucket : buckets_) {
      auto sum = std::make_unique<GradientSum>(bucket, own);
      own += bucket.counts[static_cast<std::size_t>(world_.rank())];
      sum->begin(world_);
      if (before) before->finish(world_);
      before = std::move(sum);
    }
    if (before) before->finish(world_);
    gather(world_, buckets_);
  }

  World& world_;
  float* const data_;
  const std::size_t length_;
  std::vector<float> own_;
  std::vector<Bucket> buckets_;
};

}  // namespace

double seconds_of(World& world, Cost cost, float* data, std::size_t length, std::size_t bucket, unsigned repeats) {
  Exchanges exchanges(world, data, length, bucket);
  agree(world, {});
  const auto start = std::chrono::steady_clock::now();
  for (unsigned k = 0; k < repeats; ++k) exchanges.run(cost);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / repeats;
}

}  // namespace adabelief::mpi
