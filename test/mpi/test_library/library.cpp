// An MPI library for tests: it has the standard ABI of MPI 5, hands every call on to MPICH, and fails or stalls the k-th call of
// a kind.
//
// ADABELIEF_TEST_MPI="fail MPI_Ialltoallv 3 1": the third call on rank 1 returns an error. "stall …": what the call begins never
// ends.
#include <dlfcn.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string>

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

using Handle = void*;  // of the standard ABI

void* mpich() {
  static void* library = dlopen("libmpich.so.12", RTLD_NOW | RTLD_LOCAL);
  if (!library) std::abort();
  return library;
}

template <class Function>
Function* find(const char* name) {
  return reinterpret_cast<Function*>(dlsym(mpich(), name));
}

/** MPICH's handle for one of the standard ABI. One that was made here is MPICH's own. */
int of(Handle handle) {
  const auto value = reinterpret_cast<std::uintptr_t>(handle);
  if (value > 0xFFF) return static_cast<int>(value);
  switch (value) {
    case 0x101: return 0x44000000;  // MPI_COMM_WORLD
    case 0x210: return 0x4c00040a;  // MPI_FLOAT
    case 0x214: return 0x4c00080b;  // MPI_DOUBLE
    case 0x259: return 0x4c00083e;  // MPI_UINT64_T
    case 0x247: return 0x4c00010d;  // MPI_BYTE
    case 0x21: return 0x58000003;   // MPI_SUM
    case 0x22: return 0x58000002;   // MPI_MIN
    case 0x143: return 0x54000001;  // MPI_ERRORS_RETURN
    default: std::abort();
  }
}

const void* buffer(const void* given) { return given == reinterpret_cast<void*>(1) ? reinterpret_cast<void*>(-1) : given; }

/** What a request is: MPICH's own, and whether it is to seem unfinished for ever. */
struct Request {
  int own;
  int stalled;
};

struct Event {
  std::string what, call;
  int number = 0, rank = -1;
};

const Event& event() {
  static const Event known = [] {
    Event event;
    const char* text = std::getenv("ADABELIEF_TEST_MPI");
    std::istringstream(text ? text : "") >> event.what >> event.call >> event.number >> event.rank;
    return event;
  }();
  return known;
}

int own_rank() {
  const char* rank = std::getenv("PMI_RANK");
  return rank ? std::atoi(rank) : 0;
}

/** Whether this call is the one that something happens to. */
bool happens(const char* what, const char* call, int count) {
  return event().what == what && event().call == call && event().number == count && event().rank == own_rank();
}

constexpr int some_error = 15;  // MPI_ERR_OTHER of MPICH

/** Hands on a call that begins something. */
template <class Call>
int begin(const char* name, int count, Request* request, const Call& call) {
  if (happens("fail", name, count)) return some_error;
  request->stalled = happens("stall", name, count) ? 1 : 0;
  return call(&request->own);
}

}  // namespace

EXPORT int MPI_Abi_get_version(int* major, int* minor) {
  *major = 1;
  *minor = 0;
  return 0;
}

EXPORT int MPI_Get_library_version(char* text, int* length) {
  std::strcpy(text, "a library for tests");
  *length = static_cast<int>(std::strlen(text));
  return 0;
}

EXPORT int MPI_Initialized(int* flag) { return find<int(int*)>("MPI_Initialized")(flag); }

EXPORT int MPI_Init_thread(int* argc, char*** argv, int required, int* provided) {
  static int count = 0;
  if (happens("fail", "MPI_Init_thread", ++count) || required != 1024) return some_error;
  return find<int(int*, char***, int, int*)>("MPI_Init_thread")(argc, argv, 1, provided);
}

EXPORT int MPI_Comm_rank(Handle world, int* rank) {
  static int count = 0;
  if (happens("fail", "MPI_Comm_rank", ++count)) return some_error;
  return find<int(int, int*)>("MPI_Comm_rank")(of(world), rank);
}
EXPORT int MPI_Comm_size(Handle world, int* size) {
  static int count = 0;
  if (happens("fail", "MPI_Comm_size", ++count)) return some_error;
  return find<int(int, int*)>("MPI_Comm_size")(of(world), size);
}
EXPORT int MPI_Comm_split(Handle world, int color, int key, Handle* made) {
  static int count = 0;
  if (happens("fail", "MPI_Comm_split", ++count)) return some_error;
  int own = 0;
  const int error = find<int(int, int, int, int*)>("MPI_Comm_split")(of(world), color, key, &own);
  *made = reinterpret_cast<Handle>(static_cast<std::uintptr_t>(static_cast<unsigned>(own)));
  return error;
}
EXPORT int MPI_Comm_set_errhandler(Handle world, Handle handler) {
  static int count = 0;
  if (happens("fail", "MPI_Comm_set_errhandler", ++count)) return some_error;
  return find<int(int, int)>("MPI_Comm_set_errhandler")(of(world), of(handler));
}
EXPORT int MPI_Finalize() {
  static int count = 0;
  if (happens("fail", "MPI_Finalize", ++count)) return some_error;
  return find<int()>("MPI_Finalize")();
}
EXPORT int MPI_Abort(Handle world, int code) { return find<int(int, int)>("MPI_Abort")(of(world), code); }
EXPORT int MPI_Error_string(int error, char* text, int* length) {
  return find<int(int, char*, int*)>("MPI_Error_string")(error, text, length);
}

EXPORT int MPI_Allreduce(const void* from, void* into, int length, Handle type, Handle sum, Handle world) {
  return find<int(const void*, void*, int, int, int, int)>("MPI_Allreduce")(buffer(from), into, length, of(type), of(sum),
                                                                            of(world));
}

EXPORT int MPI_Test(Request* request, int* flag, void* status) {
  static int count = 0;
  if (happens("fail", "MPI_Test", ++count)) return some_error;
  if (status != nullptr) std::abort();
  if (request->stalled == 1) {
    *flag = 0;
    return 0;
  }
  return find<int(int*, int*, void*)>("MPI_Test")(&request->own, flag, reinterpret_cast<void*>(1));
}

EXPORT int MPI_Ibarrier(Handle world, Request* request) {
  static int count = 0;
  return begin("MPI_Ibarrier", ++count, request, [&](int* own) { return find<int(int, int*)>("MPI_Ibarrier")(of(world), own); });
}

EXPORT int MPI_Ibcast(void* data, int length, Handle type, int root, Handle world, Request* request) {
  static int count = 0;
  return begin("MPI_Ibcast", ++count, request, [&](int* own) {
    return find<int(void*, int, int, int, int, int*)>("MPI_Ibcast")(data, length, of(type), root, of(world), own);
  });
}

EXPORT int MPI_Iallreduce(const void* from, void* into, int length, Handle type, Handle sum, Handle world, Request* request) {
  static int count = 0;
  return begin("MPI_Iallreduce", ++count, request, [&](int* own) {
    using Call = int(const void*, void*, int, int, int, int, int*);
    return find<Call>("MPI_Iallreduce")(buffer(from), into, length, of(type), of(sum), of(world), own);
  });
}

EXPORT int MPI_Iallgather(const void* from, int length, Handle type, void* into, int each, Handle into_type, Handle world,
                          Request* request) {
  static int count = 0;
  return begin("MPI_Iallgather", ++count, request, [&](int* own) {
    using Call = int(const void*, int, int, void*, int, int, int, int*);
    return find<Call>("MPI_Iallgather")(buffer(from), length, of(type), into, each, of(into_type), of(world), own);
  });
}

EXPORT int MPI_Iallgatherv(const void* from, int length, Handle type, void* into, const int* counts, const int* places,
                           Handle into_type, Handle world, Request* request) {
  static int count = 0;
  return begin("MPI_Iallgatherv", ++count, request, [&](int* own) {
    using Call = int(const void*, int, int, void*, const int*, const int*, int, int, int*);
    return find<Call>("MPI_Iallgatherv")(buffer(from), length, of(type), into, counts, places, of(into_type), of(world), own);
  });
}

EXPORT int MPI_Ialltoallv(const void* from, const int* counts, const int* places, Handle type, void* into, const int* into_counts,
                          const int* into_places, Handle into_type, Handle world, Request* request) {
  static int count = 0;
  return begin("MPI_Ialltoallv", ++count, request, [&](int* own) {
    using Call = int(const void*, const int*, const int*, int, void*, const int*, const int*, int, int, int*);
    return find<Call>("MPI_Ialltoallv")(buffer(from), counts, places, of(type), into, into_counts, into_places, of(into_type),
                                        of(world), own);
  });
}
