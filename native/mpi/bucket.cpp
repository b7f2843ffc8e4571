#include "bucket.h"

#include <algorithm>
#include <cstring>

namespace adabelief::mpi {

namespace {

/** Calls `visit(memory, length, offset)` for what of some stretches lies between two elements; `offset` counts from the first. */
template <class Visit>
void each_between(const std::vector<Stretch>& stretches, std::size_t begin, std::size_t end, const Visit& visit) {
  std::size_t at = 0;
  for (const auto& [data, length] : stretches) {
    const std::size_t from = std::max(begin, at), to = std::min(end, at + length);
    if (from < to) visit(data ? data + (from - at) : nullptr, to - from, from - begin);
    at += length;
  }
}

}  // namespace

std::size_t Bucket::length() const {
  std::size_t length = 0;
  for (const Stretch& stretch : stretches) length += stretch.length;
  return length;
}

std::vector<int> Bucket::places() const {
  std::vector<int> places(counts.size());
  for (std::size_t k = 1; k < counts.size(); ++k) places[k] = places[k - 1] + counts[k - 1];
  return places;
}

float* Bucket::whole() const {
  for (std::size_t k = 0; k < stretches.size(); ++k) {
    if (!stretches[k].data) return nullptr;
    if (k > 0 && stretches[k].data != stretches[k - 1].data + stretches[k - 1].length) return nullptr;
  }
  return stretches.empty() ? nullptr : stretches[0].data;
}

void Bucket::read(std::size_t begin, std::size_t end, float* into) const {
  each_between(stretches, begin, end, [into](const float* memory, std::size_t length, std::size_t offset) {
    if (memory) {
      std::memcpy(into + offset, memory, length * sizeof(float));
    } else {
      std::fill_n(into + offset, length, 0.0f);
    }
  });
}

void Bucket::write(std::size_t begin, std::size_t end, const float* from) const {
  each_between(stretches, begin, end, [from](float* memory, std::size_t length, std::size_t offset) {
    if (memory) std::memcpy(memory, from + offset, length * sizeof(float));
  });
}

}  // namespace adabelief::mpi
