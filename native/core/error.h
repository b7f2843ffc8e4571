// Why an engine could not do what it was asked for.
#pragma once

#include <stdexcept>
#include <string>

namespace adabelief {

class EngineError : public std::runtime_error {
 public:
  enum class Kind {
    refused,      // by the driver; nothing was changed
    memory,       // not enough
    unavailable,  // no driver, or no kernels in this build
    device,       // no such device
    pointer,      // memory that does not exist or must not be used
    stream,       // a stream of another device
    capture,      // what cannot be done while a stream is captured into a graph
    lost,         // the device failed in the middle: its memory is undefined
    disposed      // memory that was given back
  };
  EngineError(Kind kind, const std::string& message) : std::runtime_error(message), kind(kind) {}
  const Kind kind;

  /** The same error after a part of a step was done. */
  EngineError in_the_middle() const {
    return kind == Kind::lost ? *this : EngineError(Kind::lost, std::string("A step failed in the middle: ") + what());
  }
};

}  // namespace adabelief
