// Memory that a step on another thread is using. Until the step is done, no other code may write what it reads or touch what it
// writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace adabelief {

struct Range {
  std::uintptr_t begin, end;
};

class Lease {
 public:
  /** Registers memory; ends with the last owner. */
  static std::shared_ptr<Lease> take(std::vector<Range> read, std::vector<Range> written);
  ~Lease();
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

 private:
  Lease(std::vector<Range> read, std::vector<Range> written);
  static bool conflict(Range range, bool writing);
  friend bool leased(const void* begin, std::size_t bytes, bool writing);

  std::vector<Range> read_, written_;  // sorted
};

/** How many there are: while there are none, nothing need be asked. */
int leases();

/** Whether a lease forbids to write, or to read, this memory. */
bool leased(const void* begin, std::size_t bytes, bool writing);

}  // namespace adabelief
