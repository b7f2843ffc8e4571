// What the mock driver exports: NVIDIA's calls, as many as are made, and a mark by which it is told apart.
#pragma once

#include "capture.h"
#include "cuda/driver.h"

#define ADABELIEF_EXPORTED __attribute__((visibility("default")))

namespace adabelief {

extern "C" {
#define ADABELIEF_EXPORT(name, arguments) ADABELIEF_EXPORTED cu::Result name arguments;
ADABELIEF_CUDA_CALLS(ADABELIEF_EXPORT)
#undef ADABELIEF_EXPORT

// Calls that only tests make, for what else a program does with CUDA.
ADABELIEF_EXPORTED cu::Result cuStreamCreate(cu::Stream* stream, unsigned flags);
ADABELIEF_EXPORTED cu::Result cuStreamDestroy_v2(cu::Stream stream);
ADABELIEF_EXPORTED cu::Result cuStreamBeginCapture_v2(cu::Stream stream, int mode);
ADABELIEF_EXPORTED cu::Result cuStreamEndCapture(cu::Stream stream, cu::Graph* graph);
ADABELIEF_EXPORTED cu::Result cuGraphInstantiateWithFlags(cu::GraphExec* executable, cu::Graph graph, unsigned long long flags);
ADABELIEF_EXPORTED cu::Result cuGraphLaunch(cu::GraphExec executable, cu::Stream stream);
ADABELIEF_EXPORTED cu::Result cuGraphDestroy(cu::Graph graph);
ADABELIEF_EXPORTED cu::Result cuGraphExecDestroy(cu::GraphExec executable);

extern ADABELIEF_EXPORTED const int adabelief_mock_driver;
}

}  // namespace adabelief
