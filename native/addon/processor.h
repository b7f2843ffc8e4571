// The backends and threads of the processor, and fast memory, for JavaScript.
#pragma once

#include <napi.h>

namespace adabelief {

/** Adds the functions to the addon's exports: see Addon in lib/native/addon.ts. */
void define_processor(Napi::Env env, Napi::Object exports);

}  // namespace adabelief
