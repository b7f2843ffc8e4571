// Device memory as the mock driver has it: addresses that no one but the driver can read, each range with guards on both sides.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "cuda/driver.h"

namespace adabelief {
namespace mock_driver {

/** Address space for one allocation: the device's addresses, which nothing may touch, and at a distance the bytes behind them;
 * no access before, between or after them. */
class Mapping {
 public:
  explicit Mapping(std::size_t bytes);
  ~Mapping();
  Mapping(Mapping&& other) noexcept;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  explicit operator bool() const { return base_ != nullptr; }
  cu::Pointer begin() const;
  char* host(cu::Pointer address) const;
  std::size_t size() const { return size_; }
  /** Puts a shared object behind the addresses, with the bytes that are there or those that it has. */
  bool share(const std::string& name, bool create);

 private:
  std::size_t size_;  // whole pages
  char* base_;
};

struct Allocation {
  Mapping mapping;
  std::size_t bytes;
  int device;
  std::string shared;  // the name of its shared object, once other processes may open it
  int opened;          // how many times it was opened here; 0: it is this process's own
};

/** All allocations of the process, by address. */
class Memory {
 public:
  /** Memory with every bit set, which as a float is NaN: nothing can take it for zeros. 0 where the system has none. */
  cu::Pointer allocate(int device, std::size_t bytes);
  cu::Result free(cu::Pointer begin);

  /** The allocation that lies around a range, or null. */
  Allocation* find(cu::Pointer begin, std::size_t bytes);
  /** The bytes behind a range of one device's memory; null where it is not within one allocation there. */
  void* host(cu::Pointer begin, std::size_t bytes, int device);
  /** Whether nothing was written just behind the end of any allocation. */
  bool intact() const;

  bool export_handle(cu::Pointer memory, cu::IpcHandle& handle);
  cu::Result open_handle(const cu::IpcHandle& handle, int device, bool within_process, cu::Pointer& memory);
  cu::Result close_handle(cu::Pointer begin);
  /** Ends the names under which other processes find memory of this one. */
  void unshare() const;

  struct Totals {
    int allocations, opened;
    std::size_t bytes;
  };
  Totals totals() const;

 private:
  std::map<cu::Pointer, Allocation> allocations_;
  int exported_ = 0;
};

}  // namespace mock_driver
}  // namespace adabelief
