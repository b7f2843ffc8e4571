#include "memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

namespace adabelief {
namespace mock_driver {

namespace {

constexpr unsigned char uninitialized = 0xFF, canary = 0xA5;
constexpr std::size_t guarded = 64;  // bytes behind the end that are looked at

std::size_t page() {
  static const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

std::size_t whole_pages(std::size_t bytes) { return (bytes + guarded + page() - 1) / page() * page(); }

}  // namespace

// guard, device addresses, guard, bytes, guard

Mapping::Mapping(std::size_t bytes) : size_(whole_pages(bytes)), base_(nullptr) {
  void* base = mmap(nullptr, 2 * size_ + 3 * page(), PROT_NONE, MAP_PRIVATE | MAP_ANON | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) return;
  base_ = static_cast<char*>(base);
  char* bytes_behind = host(begin());
  if (mprotect(bytes_behind, size_, PROT_READ | PROT_WRITE) != 0) return;
  std::memset(bytes_behind, uninitialized, bytes);
  std::memset(bytes_behind + bytes, canary, guarded);
}

Mapping::Mapping(Mapping&& other) noexcept : size_(other.size_), base_(std::exchange(other.base_, nullptr)) {}

Mapping::~Mapping() {
  if (base_) munmap(base_, 2 * size_ + 3 * page());
}

cu::Pointer Mapping::begin() const { return reinterpret_cast<cu::Pointer>(base_ + page()); }

char* Mapping::host(cu::Pointer address) const { return base_ + size_ + 2 * page() + (address - begin()); }

bool Mapping::share(const std::string& name, bool create) {
  const int file = shm_open(name.c_str(), create ? O_CREAT | O_EXCL | O_RDWR : O_RDWR, 0600);
  if (file < 0) return false;
  char* bytes = host(begin());
  bool done = !create ||
              (ftruncate(file, static_cast<off_t>(size_)) == 0 && pwrite(file, bytes, size_, 0) == static_cast<ssize_t>(size_));
  done = done && mmap(bytes, size_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0) != MAP_FAILED;
  close(file);
  if (create && !done) shm_unlink(name.c_str());
  return done;
}

void Memory::unshare() const {
  for (const auto& [begin, allocation] : allocations_) {
    if (!allocation.shared.empty() && allocation.opened == 0) shm_unlink(allocation.shared.c_str());
  }
}

cu::Pointer Memory::allocate(int device, std::size_t bytes) {
  Mapping mapping(bytes);
  if (!mapping) return 0;
  const cu::Pointer begin = mapping.begin();
  allocations_.emplace(begin, Allocation{std::move(mapping), bytes, device, "", 0});
  return begin;
}

cu::Result Memory::free(cu::Pointer begin) {
  const auto found = allocations_.find(begin);
  if (found == allocations_.end() || found->second.opened > 0) return cu::result::invalid_value;
  const bool whole = intact();
  if (!found->second.shared.empty()) shm_unlink(found->second.shared.c_str());
  allocations_.erase(found);
  return whole ? cu::result::success : cu::result::illegal_address;
}

Allocation* Memory::find(cu::Pointer begin, std::size_t bytes) {
  auto found = allocations_.upper_bound(begin);
  if (found == allocations_.begin()) return nullptr;
  auto& [start, allocation] = *--found;
  const std::size_t offset = begin - start;
  return offset < allocation.bytes && bytes <= allocation.bytes - offset ? &allocation : nullptr;
}

void* Memory::host(cu::Pointer begin, std::size_t bytes, int device) {
  const Allocation* allocation = find(begin, bytes);
  return allocation && allocation->device == device ? allocation->mapping.host(begin) : nullptr;
}

bool Memory::intact() const {
  return std::all_of(allocations_.begin(), allocations_.end(), [](const auto& entry) {
    const auto& [begin, allocation] = entry;
    const char* end = allocation.mapping.host(begin + allocation.bytes);
    return std::all_of(end, end + guarded, [](char byte) { return static_cast<unsigned char>(byte) == canary; });
  });
}

namespace {

/** What a handle holds, as text: the name of a shared object, how many bytes of it count, on which device. */
constexpr const char* handle_text = "mock driver %s %zu %d";
constexpr const char* handle_pattern = "mock driver %31s %zu %d";

/** What the names of a process's shared objects begin with. */
std::string shared_by(int process) { return "/adabelief-" + std::to_string(process) + "-"; }

}  // namespace

bool Memory::export_handle(cu::Pointer memory, cu::IpcHandle& handle) {
  Allocation& allocation = *find(memory, 0);
  if (allocation.shared.empty()) {
    const std::string name = shared_by(getpid()) + std::to_string(exported_);
    if (!allocation.mapping.share(name, true)) return false;
    allocation.shared = name;
    ++exported_;
  }
  handle = {};
  std::snprintf(handle.bytes, sizeof handle.bytes, handle_text, allocation.shared.c_str(), allocation.bytes, allocation.device);
  return true;
}

cu::Result Memory::open_handle(const cu::IpcHandle& handle, int device, bool within_process, cu::Pointer& memory) {
  char name[32];
  std::size_t bytes;
  int its_device;
  const std::string text(handle.bytes, strnlen(handle.bytes, sizeof handle.bytes));
  if (std::sscanf(text.c_str(), handle_pattern, name, &bytes, &its_device) != 3) return cu::result::invalid_value;
  if (its_device != device) return cu::result::invalid_value;
  const bool own = shared_by(getpid()).compare(0, std::string::npos, name, shared_by(getpid()).size()) == 0;
  if (own && !within_process) return cu::result::invalid_context;  // as NVIDIA's driver has it
  for (auto& [begin, allocation] : allocations_) {
    if (allocation.opened == 0 || allocation.shared != name) continue;
    ++allocation.opened;
    memory = begin;
    return cu::result::success;
  }
  Mapping mapping(bytes);
  if (!mapping || !mapping.share(name, false)) return cu::result::invalid_value;
  memory = mapping.begin();
  allocations_.emplace(memory, Allocation{std::move(mapping), bytes, device, name, 1});
  return cu::result::success;
}

cu::Result Memory::close_handle(cu::Pointer begin) {
  const auto found = allocations_.find(begin);
  if (found == allocations_.end() || found->second.opened == 0) return cu::result::invalid_value;
  if (--found->second.opened == 0) allocations_.erase(found);
  return cu::result::success;
}

Memory::Totals Memory::totals() const {
  Totals totals{};
  for (const auto& [begin, allocation] : allocations_) {
    ++(allocation.opened > 0 ? totals.opened : totals.allocations);
    if (allocation.opened == 0) totals.bytes += allocation.bytes;
  }
  return totals;
}

}  // namespace mock_driver
}  // namespace adabelief
