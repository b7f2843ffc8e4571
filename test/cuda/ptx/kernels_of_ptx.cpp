// The kernels of the mock driver that were translated from their PTX.
#include "machine.h"

#include ADABELIEF_KERNEL_SYMBOLS

namespace adabelief::mock_driver {

Run replaced(const std::string& name, Run) {
  for (const KernelSymbol& kernel : kernel_symbols) {
    if (name != kernel.name) continue;
    const auto found = translated().find(kernel.symbol);
    return found == translated().end() ? nullptr : found->second;
  }
  return nullptr;
}

}  // namespace adabelief::mock_driver
