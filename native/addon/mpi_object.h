// MPI, for JavaScript.
#pragma once

#include <napi.h>

namespace adabelief {

/** The exported functions: see MpiAddon in lib/native/addon.ts. */
Napi::Object define_mpi(Napi::Env env);

}  // namespace adabelief
