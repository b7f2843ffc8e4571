// A bucket is a stretch of several tensors, laid end to end: any part of it is read and written, what is missing reads as zeros.
#include <vector>

#include "check.h"
#include "mpi/bucket.h"

using namespace adabelief;

namespace {

using Floats = std::vector<float>;

Floats count(std::size_t length, float first) {
  Floats values(length);
  for (std::size_t k = 0; k < length; ++k) values[k] = first + static_cast<float>(k);
  return values;
}

/** Three tensors of 5, 1 and 7 elements around one of 4 that has no memory, and an empty one. */
struct Example {
  Floats a = count(5, 1), b = count(1, 100), c = count(7, 200);
  mpi::Bucket bucket{{{a.data(), 5}, {nullptr, 4}, {b.data(), 1}, {nullptr, 0}, {c.data(), 7}}, {6, 0, 11}};

  Floats all() const {
    Floats whole(a);
    whole.insert(whole.end(), 4, 0.0f);
    whole.insert(whole.end(), b.begin(), b.end());
    whole.insert(whole.end(), c.begin(), c.end());
    return whole;
  }
};

void read_every_part() {
  const Example example;
  const Floats all = example.all();
  CHECK(example.bucket.length() == 17, "17 elements");
  CHECK((example.bucket.places() == std::vector<int>{0, 6, 6}), "where each rank's part begins");
  CHECK(example.bucket.whole() == nullptr, "it does not lie end to end");
  for (std::size_t begin = 0; begin <= all.size(); ++begin) {
    for (std::size_t end = begin; end <= all.size(); ++end) {
      Floats read(end - begin, -1.0f);
      example.bucket.read(begin, end, read.data());
      const Floats wanted(all.begin() + static_cast<std::ptrdiff_t>(begin), all.begin() + static_cast<std::ptrdiff_t>(end));
      CHECK(read == wanted, "elements %zu to %zu are what the whole has there", begin, end);
    }
  }
}

void write_every_part() {
  for (std::size_t begin = 0; begin <= 17; ++begin) {
    for (std::size_t end = begin; end <= 17; ++end) {
      const Example example;
      Floats wanted = example.all();
      const Floats given = count(end - begin, 1000);
      example.bucket.write(begin, end, given.data());
      for (std::size_t k = begin; k < end; ++k) {
        if (k < 5 || k >= 9) wanted[k] = given[k - begin];  // the second tensor has no memory
      }
      CHECK(example.all() == wanted, "elements %zu to %zu are written, and nothing beside them", begin, end);
    }
  }
}

void find_what_lies_end_to_end() {
  Floats memory(12);
  CHECK((mpi::Bucket{{{memory.data(), 5}, {memory.data() + 5, 7}}, {12}}.whole() == memory.data()), "two halves of one memory");
  CHECK((mpi::Bucket{{{memory.data(), 5}, {memory.data() + 6, 6}}, {11}}.whole() == nullptr), "a gap");
  CHECK((mpi::Bucket{{}, {0}}.whole() == nullptr), "an empty bucket");
}

}  // namespace

int main() {
  read_every_part();
  write_every_part();
  find_what_lies_end_to_end();
  std::puts("buckets: every part of one is read and written");
}
