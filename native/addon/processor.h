// The backends and threads of the processor, and fast memory, for JavaScript.
#pragma once

#include <napi.h>

namespace adabelief {

/** What became of a backend's choice. JavaScript knows the number by these names. */
enum class BackendChoice { chosen, unknown, unsupported, busy };

/** Adds the functions to the addon's exports: see Addon in lib/native.ts. */
void define_processor(Napi::Env env, Napi::Object exports);

}  // namespace adabelief
