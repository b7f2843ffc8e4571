// The beginning of every call of the mock driver.
#pragma once

#include <mutex>

#include "exports.h"
#include "model.h"

namespace adabelief {
namespace mock_driver {

/** What a call needs to have been done before. */
enum class Needs { nothing, initialization, context };

/** The beginning of every call: it is counted, fails if it was told to, and finds what it needs or does not. */
class Call {
 public:
  Call(const char* name, Needs needs) : model(mock_driver::model()), lock_(model.mutex) {
    ++model.counts[name];
    result = injected(name);
    if (result == cu::result::success && needs != Needs::nothing && !model.initialized) result = not_initialized;
    if (result != cu::result::success || needs != Needs::context) return;
    context = current_context();
    result = context ? context->lost : cu::result::invalid_context;
  }

  Model& model;
  cu::Result result;              // where it is no success, the call has this answer
  cu::Context context = nullptr;  // the current one

  /** The null stream is the current context's, and so are the two with small numbers that CUDA has names for. */
  bool knows(cu::Stream stream) const { return reinterpret_cast<std::uintptr_t>(stream) <= 2 || model.streams.has(stream); }
  cu::Context context_of(cu::Stream stream) const {
    return reinterpret_cast<std::uintptr_t>(stream) <= 2 ? context : stream->context;
  }
  /** Does something in the order of a stream: now, or whenever the graph runs that it is captured into. */
  cu::Result enqueue(cu::Stream stream, const Work& operation) const {
    if (reinterpret_cast<std::uintptr_t>(stream) <= 2) {
      const bool captured = invalidate([&](const cu::StreamTag& other) { return other.blocking && other.context == context; });
      return captured ? cu::result::capture_implicit : operation();
    }
    if (!stream->capture) return operation();
    if (stream->capture->invalidated) return cu::result::capture_invalidated;
    stream->capture->operations.push_back(operation);
    return cu::result::success;
  }
  /** The answer of a call that is unsafe while anything is captured. */
  cu::Result unless_capturing() const {
    return invalidate([](const cu::StreamTag&) { return true; }) ? cu::result::capture_unsupported : cu::result::success;
  }

 private:
  /** Invalidates the captures on some streams. Returns whether there are any. */
  template <class Which>
  bool invalidate(const Which& which) const {
    bool any = false;
    model.streams.each([&](cu::StreamTag& stream) {
      if (!stream.capture || !which(stream)) return;
      stream.capture->invalidated = any = true;
    });
    return any;
  }

  cu::Result injected(const char* name) const {
    const auto found = model.failures.find(name);
    if (found == model.failures.end()) return cu::result::success;
    Failure& failure = found->second;
    if (failure.after > 0) {
      --failure.after;
    } else if (failure.times > 0) {
      --failure.times;
      return failure.result;
    }
    return cu::result::success;
  }

  std::unique_lock<std::mutex> lock_;
};

#define BEGIN(name, needs)              \
  const Call call(#name, Needs::needs); \
  if (call.result != cu::result::success) return call.result

}  // namespace mock_driver
}  // namespace adabelief
