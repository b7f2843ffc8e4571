// The kernels of the mock driver that were compiled from their source.
#include "kernels.h"

namespace adabelief {
namespace mock_driver {

Run replaced(const std::string&, Run compiled) { return compiled; }

}  // namespace mock_driver
}  // namespace adabelief
