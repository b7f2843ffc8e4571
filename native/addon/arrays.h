// Operations over arrays outside a step, for JavaScript.
#pragma once

#include <napi.h>

namespace adabelief {

/** Adds the functions to the addon's exports: see Addon in lib/native/addon.ts. */
void define_arrays(Napi::Env env, Napi::Object exports);

}  // namespace adabelief
