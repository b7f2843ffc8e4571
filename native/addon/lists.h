// Every list that both languages use, for JavaScript.
#pragma once

#include <napi.h>

namespace adabelief {

/** Adds the lists to the addon's exports: see Lists in lib/native.ts. */
void define_lists(Napi::Env env, Napi::Object exports);

}  // namespace adabelief
