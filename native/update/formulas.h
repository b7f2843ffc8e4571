// The optimizers there are. A new one is a header beside adabelief.h and its name in this list.
#pragma once

#include "adabelief.h"

namespace adabelief {
namespace ADABELIEF_SET {

template <class... Formula>
struct List {};

using Formulas = List<AdaBelief>;

}  // namespace ADABELIEF_SET
}  // namespace adabelief
