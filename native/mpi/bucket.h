// A bucket: a stretch of all parameters, laid end to end, that is exchanged at once. Every rank owns a part of it.
#pragma once

#include <cstddef>
#include <vector>

namespace adabelief::mpi {

/** A piece of a bucket in the caller's memory; null: zeros. */
struct Stretch {
  float* data;
  std::size_t length;
};

struct Bucket {
  std::vector<Stretch> stretches;  // in their order
  std::vector<int> counts;         // the elements of each rank's part

  std::size_t length() const;
  /** Where each rank's part begins. */
  std::vector<int> places() const;
  /** The bucket's memory, where it lies end to end; else null. */
  float* whole() const;

  /** Copies elements from `begin` to `end` of the bucket out of the caller's memory, or back into it. */
  void read(std::size_t begin, std::size_t end, float* into) const;
  void write(std::size_t begin, std::size_t end, const float* from) const;
};

}  // namespace adabelief::mpi
