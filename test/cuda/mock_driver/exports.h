// What the mock driver exports: NVIDIA's calls, as many as are made, and a mark by which it is told apart.
#pragma once

#include "cuda/driver.h"

#define ADABELIEF_EXPORTED __attribute__((visibility("default")))

namespace adabelief {

extern "C" {
#define ADABELIEF_EXPORT(name, arguments) ADABELIEF_EXPORTED cu::Result name arguments;
ADABELIEF_CUDA_CALLS(ADABELIEF_EXPORT)
#undef ADABELIEF_EXPORT

extern ADABELIEF_EXPORTED const int adabelief_mock_driver;
}

}  // namespace adabelief
