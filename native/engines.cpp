// Which engine runs the rows of a place.
#include "cpu/cpu_engine.h"
#include "cuda/cuda_engine.h"
#include "table/engine.h"

namespace adabelief {

std::unique_ptr<Engine> make_engine(int place) {
  if (place == host) return std::make_unique<CpuEngine>();
  return std::make_unique<CudaEngine>(CudaDevice::at(place));
}

}  // namespace adabelief
