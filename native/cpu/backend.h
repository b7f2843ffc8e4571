// Which loops this processor can run, and which one the process uses. Dispatch is data: see the table in backend.cpp.
#pragma once

#include "../core/kernels.h"

namespace adabelief {

struct Backend {
  const char* name;
  bool (*supported)();
  const Kernels* kernels;
};

struct BackendList {
  const Backend* begin;
  int count;
};

/** The backends compiled into this binary, best first. The last one runs everywhere. */
BackendList backends();

/** The backend in use: the best supported one until `use_backend` chooses another. Any thread may ask. */
const Backend& current_backend();

/** The result of choosing a backend. JavaScript knows the numbers by these names. Only the addon returns `busy`. */
enum class BackendChoice { chosen, unknown, unsupported, busy };

/** Chooses a backend for the whole process. */
BackendChoice use_backend(const char* name);

/** The same, but only if no backend was chosen before: for a default that comes from the environment. */
BackendChoice use_backend_by_default(const char* name);

/** The backend whose loop ran last. The loop itself notes it, so that a test can ask what really ran. */
void note_ran(const char* backend);
const char* last_ran();

}  // namespace adabelief
