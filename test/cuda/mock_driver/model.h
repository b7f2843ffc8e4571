// What the mock driver knows: its devices with a primary context each, what lives in them, and what it was told to fail.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "capture.h"
#include "kernels.h"
#include "memory.h"

namespace adabelief {

namespace cu {
struct ContextTag {
  int device;
  Result lost = result::success;  // what every call on it answers with, once it failed
  std::size_t used = 0;           // bytes
};
struct StreamTag {
  Context context;
  bool blocking = true;  // in order with the legacy default stream
  std::shared_ptr<mock_driver::Capture> capture;
};
struct EventTag {
  Context context;
  std::shared_ptr<mock_driver::Capture> capture;  // that it was last recorded in
};
struct FunctionTag {
  Context context;
  const mock_driver::HostKernel* kernel;
};
struct ModuleTag {
  Context context;
  std::map<std::string, FunctionTag> functions;
};
}  // namespace cu

namespace mock_driver {

constexpr int most_devices = 8;
constexpr std::size_t device_memory = std::size_t{4} << 30;
constexpr cu::Result not_initialized = 3, invalid_handle = 400;

/** A call that is to fail: after so many more that do not, so many times. */
struct Failure {
  int after, times;
  cu::Result result;
};

/** Objects that are known by their addresses. */
template <class T>
class Objects {
 public:
  T* add(T object) {
    objects_.push_back(std::make_unique<T>(std::move(object)));
    return objects_.back().get();
  }
  bool has(const T* object) const { return find(object) != objects_.end(); }
  bool remove(const T* object) {
    const auto found = find(object);
    if (found == objects_.end()) return false;
    objects_.erase(found);
    return true;
  }
  template <class Visit>
  void each(const Visit& visit) {
    for (auto& object : objects_) visit(*object);
  }
  int count() const { return static_cast<int>(objects_.size()); }

 private:
  typename std::vector<std::unique_ptr<T>>::const_iterator find(const T* object) const {
    auto at = objects_.begin();
    while (at != objects_.end() && at->get() != object) ++at;
    return at;
  }

  std::vector<std::unique_ptr<T>> objects_;
};

/** All of it; a call holds `mutex` from its beginning to its end. */
struct Model {
  static constexpr int usual_devices = 2, usual_version = 13000, usual_capability = 90;

  std::mutex mutex;
  int devices = usual_devices;
  int version = usual_version;
  std::array<int, most_devices> capabilities;  // 90 is 9.0
  bool initialized = false;
  bool backwards = false;
  bool ipc_within_process = false;
  int context_depth = 0;  // of the stacks of all threads together
  std::array<cu::ContextTag, most_devices> contexts;
  Memory memory;
  Objects<cu::StreamTag> streams;
  Objects<cu::EventTag> events;
  Objects<cu::ModuleTag> modules;
  Objects<cu::GraphTag> graphs;
  Objects<cu::GraphExecTag> executables;
  std::set<void*> pinned;  // memory of the host
  std::map<std::string, Failure> failures;
  std::map<std::string, int> counts;

  Model() {
    capabilities.fill(usual_capability);
    for (int i = 0; i < most_devices; ++i) contexts[static_cast<std::size_t>(i)].device = i;
  }
  bool has(int device) const { return device >= 0 && device < devices; }
  cu::Context context(int device) { return &contexts[static_cast<std::size_t>(device)]; }
  /** Memory of a device that has so much left; 0 where it has not. */
  cu::Pointer allocate(int device, std::size_t bytes);
  /** The answer is the device's, which may be lost; its memory is gone all the same. */
  cu::Result free(cu::Pointer begin);
};

/** The one of this process; it is never taken down. */
Model& model();

/** The contexts that were made current on the calling thread, the last one first. */
std::vector<cu::Context>& context_stack();

/** The current one, or null. */
cu::Context current_context();

}  // namespace mock_driver
}  // namespace adabelief
