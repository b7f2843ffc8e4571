// The formulas there are. A new optimizer is a header beside these and its name in this list.
#pragma once

#include "adabelief.h"
#include "adabelief_tensorflow.h"
#include "adabound.h"
#include "adam.h"
#include "bandwidth_baseline.h"
#include "eadam.h"
#include "fromage.h"
#include "lion.h"
#include "msvag.h"
#include "radam.h"
#include "ranger.h"
#include "sgd.h"
#include "yogi.h"

namespace adabelief {
namespace ADABELIEF_SET {

template <class... Formula>
struct List {};

using Formulas = List<AdaBelief, AdaBeliefTensorFlow, AdaBound, Adam, EAdam, Fromage, Lion, Msvag, RAdam, Ranger, Sgd, Yogi,
                      BandwidthBaseline>;

}  // namespace ADABELIEF_SET
}  // namespace adabelief
