// The formulas there are. A new optimizer is a header beside adabelief.h and its name in this list.
#pragma once

#include "adabelief.h"
#include "limit.h"

namespace adabelief {
namespace ADABELIEF_SET {

template <class... Formula>
struct List {};

using Formulas = List<AdaBelief, Limit>;

}  // namespace ADABELIEF_SET
}  // namespace adabelief
