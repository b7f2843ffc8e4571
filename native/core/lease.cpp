#include "lease.h"

#include <algorithm>
#include <atomic>

#include "../platform/mutex.h"

namespace adabelief {

namespace {

struct Registry {
  Mutex mutex;
  std::vector<const Lease*> leases;
};

Registry& registry() {
  static Registry* const instance = new Registry;  // never destroyed: a lease may end after everything else
  return *instance;
}

std::atomic<int> count{0};

void sort(std::vector<Range>& ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
}

/** Read ranges may overlap each other, so every range that begins before the end must be checked. */
bool any_overlaps(const std::vector<Range>& ranges, Range range) {
  for (const Range& other : ranges) {
    if (other.begin >= range.end) return false;
    if (other.end > range.begin) return true;
  }
  return false;
}

}  // namespace

Lease::Lease(std::vector<Range> read, std::vector<Range> written) : read_(std::move(read)), written_(std::move(written)) {
  sort(read_);
  sort(written_);
}

std::shared_ptr<Lease> Lease::take(std::vector<Range> read, std::vector<Range> written) {
  std::shared_ptr<Lease> lease(new Lease(std::move(read), std::move(written)));
  const Lock lock(registry().mutex);
  registry().leases.push_back(lease.get());
  count.fetch_add(1);
  return lease;
}

Lease::~Lease() {
  const Lock lock(registry().mutex);
  auto& all = registry().leases;
  const auto mine = std::find(all.begin(), all.end(), this);
  if (mine == all.end()) return;
  all.erase(mine);
  count.fetch_sub(1);
}

bool Lease::conflict(Range range, bool writing) {
  const Lock lock(registry().mutex);
  for (const Lease* lease : registry().leases) {
    if (any_overlaps(lease->written_, range) || (writing && any_overlaps(lease->read_, range))) return true;
  }
  return false;
}

int leases() { return count.load(std::memory_order_relaxed); }

bool leased(const void* begin, std::size_t bytes, bool writing) {
  if (leases() == 0 || bytes == 0) return false;
  const auto address = reinterpret_cast<std::uintptr_t>(begin);
  return Lease::conflict({address, address + bytes}, writing);
}

}  // namespace adabelief
