#include "background.h"

namespace adabelief {

void enter_background() {}

}  // namespace adabelief
