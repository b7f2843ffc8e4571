// The devices of the process: each with its primary context, which other libraries share, and the kernels in it.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "../core/error.h"
#include "driver.h"
#include "kernel_names.h"
#include "launch.h"

namespace adabelief {

struct DeviceDescription {
  std::string name;
  std::size_t memory;
  int major, minor;
};

/** What there is, or why nothing is. Never throws. */
struct CudaDescription {
  std::string reason;  // empty: available
  int driver_version;
  bool mock_driver;
  std::vector<DeviceDescription> devices;
};
const CudaDescription& describe_cuda(const char* driver_path);

class CudaDevice {
 public:
  /** The device of a number, with its context; made at the first call. Throws where there is none. */
  static CudaDevice& at(int ordinal);

  CudaDevice(const CudaDevice&) = delete;
  CudaDevice& operator=(const CudaDevice&) = delete;

  int ordinal() const { return ordinal_; }
  const Driver& driver() const { return driver_; }

  /** Throws where a call failed; remembers where the device is lost with it. */
  void check(cu::Result result, const char* call);
  void require_alive() const;

  /** Throws unless a stream belongs to this device, and nothing is captured from it. The context must be current. */
  void require_stream(cu::Stream stream);
  /** Whether what a stream is given is captured into a graph. The context must be current. */
  bool is_capturing(cu::Stream stream);

  /** A kernel by its name. The context must be current. */
  cu::Function kernel(const std::string& name);
  cu::Function kernel(FormulaKernel kernel, int formula, int variant);

  /** Copies from the host in the order of a stream. `from` may be changed when it returns. */
  void copy(cu::Pointer to, const void* from, std::size_t bytes, cu::Stream stream);
  void launch(cu::Function kernel, std::size_t blocks, const Launch& launch, cu::Stream stream);

 private:
  friend class Current;
  CudaDevice(const Driver& driver, int ordinal);
  void load();

  const Driver& driver_;
  const int ordinal_;
  cu::Context context_ = nullptr;
  std::mutex loading_;
  cu::Module module_ = nullptr;
  mutable std::mutex mutex_;  // of what follows
  std::map<std::string, cu::Function> kernels_;
  std::map<std::pair<int, int>, cu::Function> of_formulas_[formula_kernels];  // by FormulaKernel
  std::string lost_;                                                          // why; empty: it is not
};

/** Makes a device's context the thread's current one, and puts the one before it back. */
class Current {
 public:
  explicit Current(CudaDevice& device);
  ~Current();
  Current(const Current&) = delete;
  Current& operator=(const Current&) = delete;

 private:
  CudaDevice& device_;
};

}  // namespace adabelief
