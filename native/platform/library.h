// Shared libraries that are found at run time, and the one that this code is in.
#pragma once

#include <string>

namespace adabelief {

/** Loads a library, or returns null and says why not. A name without a folder is looked for among the system's libraries, never
 * in the working directory. */
void* open_library(const char* name, std::string& why);
/** The address of a library's symbol, or null. */
void* find_symbol(void* library, const char* name);

/** Keeps the library that contains this code loaded until the process ends. Node unloads an addon with the last environment that
 * used it, while the threads of the pool still run its code. */
void stay_loaded();

}  // namespace adabelief
