#include "control.h"

#include <cstdlib>

#include "model.h"

namespace adabelief {
namespace mock_driver {

Model& model() {
  static auto* const model = new Model;  // never taken down: other threads may call until the very end
  static const int registered = std::atexit([] { model->memory.unshare(); });
  static_cast<void>(registered);
  return *model;
}

cu::Pointer Model::allocate(int device, std::size_t bytes) {
  std::size_t& used = context(device)->used;
  if (bytes > device_memory - used) return 0;
  const cu::Pointer memory = this->memory.allocate(device, bytes);
  if (memory) used += bytes;
  return memory;
}

cu::Result Model::free(cu::Pointer begin) {
  const Allocation* allocation = memory.find(begin, 0);
  if (!allocation) return cu::result::invalid_value;
  const cu::Context owner = context(allocation->device);
  const std::size_t bytes = allocation->bytes;
  const cu::Result result = memory.free(begin);
  if (result == cu::result::invalid_value) return result;
  owner->used -= bytes;
  if (result == cu::result::illegal_address) owner->lost = result;
  return owner->lost;
}

std::vector<cu::Context>& context_stack() {
  thread_local std::vector<cu::Context> stack;
  return stack;
}

cu::Context current_context() { return context_stack().empty() ? nullptr : context_stack().back(); }

namespace {

/** The model, for as long as nobody else may touch it. */
struct Locked {
  Locked() : model(mock_driver::model()), lock(model.mutex) {}
  Model& model;
  std::unique_lock<std::mutex> lock;
  Model* operator->() const { return &model; }
};

}  // namespace

void fail(const std::string& call, int after, int times, cu::Result result) { Locked()->failures[call] = {after, times, result}; }

void lose(cu::Result result, int device) {
  const Locked model;
  for (cu::ContextTag& context : model->contexts) {
    if (device < 0 || device == context.device) context.lost = result;
  }
}

void reset() {
  const Locked model;
  for (cu::ContextTag& context : model->contexts) context.lost = cu::result::success;
  model->failures.clear();
  model->counts.clear();
  model->devices = Model::usual_devices;
  model->version = Model::usual_version;
  model->capabilities.fill(Model::usual_capability);
  model->backwards = model->ipc_within_process = false;
}

std::map<std::string, int> counts() { return Locked()->counts; }

Live live() {
  const Locked model;
  const Memory::Totals totals = model->memory.totals();
  return {
      totals.allocations,   totals.opened, model->events.count(), model->modules.count(), static_cast<int>(model->pinned.size()),
      model->context_depth, totals.bytes};
}

void set_devices(int count) { Locked()->devices = count < most_devices ? count : most_devices; }
void set_driver_version(int version) { Locked()->version = version; }
void set_compute_capability(int device, int capability) {
  const Locked model;
  if (device >= 0 && device < most_devices) model->capabilities[static_cast<std::size_t>(device)] = capability;
}
void set_backwards(bool backwards) { Locked()->backwards = backwards; }
void set_ipc_within_process(bool allowed) { Locked()->ipc_within_process = allowed; }

cu::Pointer allocate(int device, std::size_t bytes) {
  const Locked model;
  return model->has(device) ? model->allocate(device, bytes) : 0;
}

bool free(cu::Pointer memory) { return Locked()->free(memory) == cu::result::success; }

cu::Stream make_stream(int device) {
  const Locked model;
  return model->has(device) ? model->streams.add({model->context(device), true, nullptr}) : nullptr;
}

bool push_context(int device) {
  const Locked model;
  if (!model->has(device)) return false;
  context_stack().push_back(model->context(device));
  ++model->context_depth;
  return true;
}

bool pop_context() {
  const Locked model;
  if (context_stack().empty()) return false;
  context_stack().pop_back();
  --model->context_depth;
  return true;
}

int current_device() {
  const cu::Context context = current_context();
  return context ? context->device : -1;
}

}  // namespace mock_driver
}  // namespace adabelief
