// The errors of engines, for JavaScript: with a code, and with the brand of this package.
#pragma once

#include <napi.h>

#include <string>

#include "../core/error.h"

namespace adabelief {

/** brandErrors(symbol): the property by which JavaScript knows the errors of this package */
void brand_errors(const Napi::CallbackInfo& info);

/** What JavaScript throws, with its code. */
Napi::Error coded(Napi::Env env, EngineError::Kind kind, const std::string& message);

/** Calls, and gives the errors of devices their codes. */
template <class Call>
auto with_codes(Napi::Env env, const Call& call) {
  try {
    return call();
  } catch (const EngineError& error) {
    throw coded(env, error.kind, error.what());
  }
}

}  // namespace adabelief
