// The exchanges of a step: gradients are summed where they are owned, parameters go from their owners to everybody.
#pragma once

#include "bucket.h"
#include "world.h"

namespace adabelief::mpi {

/**
 * The sum over ranks of the own part of one bucket's gradients:
 *
 *     own[i] = the sum in pairs, by rank, of gradients[i]
 *
 * Everybody sends everybody its part, and adds up what it gets itself: libraries add up in orders of their own.
 */
class GradientSum {
 public:
  GradientSum(Bucket gradients, float* own) : gradients_(std::move(gradients)), own_(own) {}

  void begin(World& world);
  void finish(World& world);

 private:
  const Bucket gradients_;
  float* const own_;
  // What MPI reads until it is done.
  std::vector<int> places_, own_counts_, own_places_;
  Request request_;
  Scratch* scratch_ = nullptr;
};

/** Brings every rank's part of some buckets to all ranks, one bucket while the one before is under way. */
void gather(World& world, const std::vector<Bucket>& buckets);

/** Adds up doubles over the ranks, of which at most one has another number than 0 in a place: an exact sum, in no order. */
void merge(World& world, double* values, std::size_t count);

/** Bytes from every rank to every rank: counts[k] of them to and into_counts[k] from rank k, end to end. */
void transfer(World& world, const void* from, const std::vector<int>& counts, void* into, const std::vector<int>& into_counts);

/** Bytes from one rank to all. */
void broadcast(World& world, void* data, std::size_t bytes, int root);

}  // namespace adabelief::mpi
