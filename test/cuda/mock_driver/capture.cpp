// Streams, captures and graphs, and pinned memory of the host.
#include <cstdlib>

#include "call.h"

namespace adabelief {

using namespace mock_driver;
using namespace cu::result;

cu::Result cuMemHostAlloc(void** memory, std::size_t bytes, unsigned flags) {
  BEGIN(cuMemHostAlloc, context);
  if (bytes == 0 || flags != 0) return invalid_value;
  if (const cu::Result refused = call.unless_capturing()) return refused;
  *memory = std::malloc(bytes);
  if (!*memory) return out_of_memory;
  call.model.pinned.insert(*memory);
  return success;
}

cu::Result cuMemFreeHost(void* memory) {
  BEGIN(cuMemFreeHost, context);
  if (call.model.pinned.erase(memory) == 0) return invalid_value;
  std::free(memory);
  return success;
}

cu::Result cuStreamCreate(cu::Stream* stream, unsigned flags) {
  BEGIN(cuStreamCreate, context);
  if (flags > cu::stream_non_blocking) return invalid_value;
  *stream = call.model.streams.add({call.context, flags == 0, nullptr});
  return success;
}

cu::Result cuStreamDestroy_v2(cu::Stream stream) {
  BEGIN(cuStreamDestroy_v2, context);
  return call.model.streams.remove(stream) ? success : invalid_handle;
}

cu::Result cuStreamBeginCapture_v2(cu::Stream stream, int mode) {
  BEGIN(cuStreamBeginCapture_v2, context);
  if (mode != 0) return invalid_value;  // the strictest mode, which is all that tests need
  if (!call.model.streams.has(stream)) return capture_unsupported;
  if (stream->capture) return invalid_value;
  stream->capture = std::make_shared<Capture>();
  return success;
}

cu::Result cuStreamEndCapture(cu::Stream stream, cu::Graph* graph) {
  BEGIN(cuStreamEndCapture, context);
  if (!call.model.streams.has(stream) || !stream->capture) return capture_unmatched;
  const std::shared_ptr<Capture> capture = std::move(stream->capture);
  stream->capture = nullptr;
  *graph = capture->invalidated ? nullptr : call.model.graphs.add({call.context, capture->operations});
  return capture->invalidated ? capture_invalidated : success;
}

cu::Result cuGraphInstantiateWithFlags(cu::GraphExec* executable, cu::Graph graph, unsigned long long flags) {
  BEGIN(cuGraphInstantiateWithFlags, context);
  if (!call.model.graphs.has(graph) || flags != 0) return invalid_value;
  *executable = call.model.executables.add({graph->context, graph->operations});
  return success;
}

cu::Result cuGraphLaunch(cu::GraphExec executable, cu::Stream stream) {
  BEGIN(cuGraphLaunch, context);
  if (!call.model.executables.has(executable) || !call.knows(stream)) return invalid_value;
  return call.enqueue(stream, [executable] {
    for (const Work& operation : executable->operations) {
      if (const cu::Result result = operation()) return result;
    }
    return executable->context->lost;
  });
}

cu::Result cuGraphDestroy(cu::Graph graph) {
  BEGIN(cuGraphDestroy, initialization);
  return call.model.graphs.remove(graph) ? success : invalid_value;
}

cu::Result cuGraphExecDestroy(cu::GraphExec executable) {
  BEGIN(cuGraphExecDestroy, initialization);
  return call.model.executables.remove(executable) ? success : invalid_value;
}

}  // namespace adabelief
