// Which loops this processor can run, and which one the process uses. Dispatch is data: see the table in backend.cpp.
#pragma once

#include "kernel.h"

namespace adabelief {

struct Backend {
  const char* name;
  bool (*supported)();
  const Loops* loops;
};

struct BackendList {
  const Backend* begin;
  int count;
};

/** The backends compiled into this binary, best first. The last one runs everywhere. */
BackendList backends();

/** The backend in use: the best supported one until `use_backend` chooses another. Any thread may ask. */
const Backend& current_backend();

enum class Chosen { yes, unknown, unsupported };

/** Chooses a backend for the whole process. */
Chosen use_backend(const char* name);

/** The same, but only if nobody chose before: for a default that comes from the environment. */
Chosen use_backend_by_default(const char* name);

/** The description of a formula, or null if its name is unknown; the same for every backend but for the kernels. */
const Formula* find_formula(const Backend& backend, const char* name);

}  // namespace adabelief
