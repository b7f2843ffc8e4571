#include "library.h"

#include <cstdint>
#include <cstdlib>
#include <mutex>

#include "../platform/library.h"
#include "abi.h"

namespace adabelief::mpi {

namespace {

void* pointer(std::uintptr_t value) { return reinterpret_cast<void*>(value); }

/** The ABI that MPI 5 lays down. */
const Constants<void*> standard = {pointer(0x101),
                                   pointer(0x210),
                                   pointer(0x214),
                                   pointer(0x259),
                                   pointer(0x247),
                                   pointer(0x21),
                                   pointer(0x22),
                                   pointer(0x143),
                                   pointer(1),
                                   nullptr,
                                   1024};

/** MPICH's own, which Intel MPI, MVAPICH and Cray MPICH share. */
const Constants<int> mpich = {
    0x44000000, 0x4c00040a, 0x4c00080b, 0x4c00083e, 0x4c00010d, 0x58000003, 0x58000002, 0x54000001, pointer(~std::uintptr_t{0}),
    pointer(1), 1};

/** Open MPI's handles are addresses of its objects. */
Constants<void*> open_mpi(void* library) {
  const auto of = [library](const char* name) { return find_symbol(library, name); };
  return {of("ompi_mpi_comm_world"),
          of("ompi_mpi_float"),
          of("ompi_mpi_double"),
          of("ompi_mpi_uint64_t"),
          of("ompi_mpi_byte"),
          of("ompi_mpi_op_sum"),
          of("ompi_mpi_op_min"),
          of("ompi_mpi_errors_return"),
          pointer(1),
          nullptr,
          1};
}

/** Whether a library says that it has the standard ABI. MPICH 5's own one answers -1. */
bool has_standard_abi(void* library) {
  const auto ask = reinterpret_cast<int (*)(int*, int*)>(find_symbol(library, "MPI_Abi_get_version"));
  int major = -1, minor = -1;
  return ask && ask(&major, &minor) == 0 && major == 1;
}

bool descends_from_mpich(const std::string& version) {
  for (const char* name : {"MPICH", "Intel", "MVAPICH", "CRAY"}) {
    if (version.find(name) != std::string::npos) return true;
  }
  return false;
}

template <class Handle>
void bind(Library& found, void* library, const Constants<Handle>& constants) {
  auto bound = std::make_unique<Bound<Handle>>(library, constants);
  if (bound->missing()) {
    found.reason = found.path + " is too old: it lacks " + bound->missing();
  } else {
    found.api = std::move(bound);
  }
}

void recognize(Library& found, void* library) {
  const auto version = reinterpret_cast<int (*)(char*, int*)>(find_symbol(library, "MPI_Get_library_version"));
  if (!version) {
    found.reason = found.path + " is no MPI library: it has no MPI_Get_library_version";
    return;
  }
  static char text[8192];  // MPI_MAX_LIBRARY_VERSION_STRING is 8192 at most
  int length = 0;
  version(text, &length);
  found.version = text;
  if (has_standard_abi(library)) {
    found.abi = "standard";
    bind(found, library, standard);
  } else if (find_symbol(library, "ompi_mpi_comm_world")) {
    found.abi = "Open MPI";
    bind(found, library, open_mpi(library));
  } else if (descends_from_mpich(found.version)) {
    found.abi = "MPICH";
    bind(found, library, mpich);
  } else {
    found.reason = found.path + " has an ABI that is not known here: " + found.version.substr(0, 80);
  }
}

Library find(const std::vector<std::string>& names) {
  // UCX, which reads this when it is loaded, would put its own handlers of signals in the place of Node's.
  setenv("UCX_ERROR_SIGNALS", "", 0);
  // It also tests its hooks of memory by moving the program's break there and back, and so takes memory from under other threads.
  setenv("UCX_MEM_EVENTS", "n", 0);
  Library found;
  for (const std::string& name : names) {
    std::string why;
    void* library = open_library(name.c_str(), why);
    if (!library) {
      if (found.reason.empty()) found.reason = why;
      continue;
    }
    found.reason.clear();
    found.path = name;
    recognize(found, library);
    return found;
  }
  found.reason = "no MPI library was found: " + found.reason;
  return found;
}

std::mutex once;
const Library* known = nullptr;

}  // namespace

const Library& find_library(const std::vector<std::string>& names) {
  const std::lock_guard<std::mutex> guard(once);
  if (!known) known = new Library(find(names));  // never destroyed: its thread may outlive what is
  return *known;
}

const Library* found_library() {
  const std::lock_guard<std::mutex> guard(once);
  return known;
}

}  // namespace adabelief::mpi
