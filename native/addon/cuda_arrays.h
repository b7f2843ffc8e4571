// Operations over arrays on devices outside a step, for JavaScript.
#pragma once

#include <napi.h>

namespace adabelief {

/** Adds the functions to the exports for CUDA: see CudaAddon in lib/native/addon.ts. */
void define_cuda_arrays(Napi::Env env, Napi::Object cuda);

}  // namespace adabelief
