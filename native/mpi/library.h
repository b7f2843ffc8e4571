// The MPI library of this machine, found at run time: Open MPI, MPICH and its family, or any with the standard ABI of MPI 5.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api.h"

namespace adabelief::mpi {

struct Library {
  std::unique_ptr<Api> api;  // null where there is none
  std::string reason;        // why there is none
  std::string path, version, abi;
};

/** Finds a library, once for the process: the first of `names` that can be loaded. */
const Library& find_library(const std::vector<std::string>& names);

/** The library that was found; null before that. */
const Library* found_library();

}  // namespace adabelief::mpi
