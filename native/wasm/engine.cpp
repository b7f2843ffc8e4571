// Every row of WebAssembly belongs to the processor.
#include "../cpu/cpu_engine.h"

namespace adabelief {

std::unique_ptr<Engine> make_engine(int) { return std::make_unique<CpuEngine>(); }

}  // namespace adabelief
