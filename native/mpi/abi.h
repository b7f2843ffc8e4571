// The three ABIs of MPI: two types of handles, and a table of constants each.
#pragma once

#include <cstdint>
#include <string>

#include "../platform/library.h"
#include "api.h"

namespace adabelief::mpi {

/** The constants of an ABI. Its handles are all of one type: int in MPICH and what descends from it, else a pointer. */
template <class Handle>
struct Constants {
  Handle world;
  Handle f32, f64, u64, byte;
  Handle sum, min;
  Handle errors_return;
  void* in_place;
  void* status_ignore;
  int thread_funneled;
};

/** Every function that is used, with its arguments. `Handle` stands for communicators, types, operations and error handlers. */
#define ADABELIEF_MPI_CALLS(call)                                                                                                \
  call(MPI_Init_thread, (int*, char***, int, int*)) call(MPI_Initialized, (int*)) call(MPI_Comm_rank, (Handle, int*))            \
      call(MPI_Comm_split, (Handle, int, int, Handle*)) call(MPI_Allreduce, (const void*, void*, int, Handle, Handle, Handle))   \
          call(MPI_Comm_size, (Handle, int*)) call(MPI_Comm_set_errhandler, (Handle, Handle)) call(MPI_Finalize, (void))         \
              call(MPI_Abort, (Handle, int)) call(MPI_Error_string, (int, char*, int*)) call(MPI_Test, (void*, int*, void*))     \
                  call(MPI_Ibarrier, (Handle, void*)) call(MPI_Ibcast, (void*, int, Handle, int, Handle, void*))                 \
                      call(MPI_Iallreduce, (const void*, void*, int, Handle, Handle, Handle, void*))                             \
                          call(MPI_Iallgather, (const void*, int, Handle, void*, int, Handle, Handle, void*)) call(              \
                              MPI_Iallgatherv, (const void*, int, Handle, void*, const int*, const int*, Handle, Handle, void*)) \
                              call(MPI_Ialltoallv, (const void*, const int*, const int*, Handle, void*, const int*, const int*,  \
                                                    Handle, Handle, void*))

template <class Handle>
class Bound final : public Api {
 public:
  Bound(void* library, const Constants<Handle>& constants) : k_(constants) {
#define ADABELIEF_FIND(name, arguments)                                 \
  name = reinterpret_cast<decltype(name)>(find_symbol(library, #name)); \
  if (!name && !missing_) missing_ = #name;
    ADABELIEF_MPI_CALLS(ADABELIEF_FIND)
#undef ADABELIEF_FIND
  }

  /** The first function that the library lacks, or null. */
  const char* missing() const { return missing_; }

  int init() override {
    int before = 0, provided = 0;
    if (const int error = MPI_Initialized(&before)) return error;
    if (!before) {
      if (const int error = MPI_Init_thread(nullptr, nullptr, k_.thread_funneled, &provided)) return error;
      ours_ = true;
    }
    return MPI_Comm_set_errhandler(k_.world, k_.errors_return);
  }
  int split(int color) override {
    if (const int error = MPI_Comm_split(k_.world, color, 0, &ranks_)) return error;
    return MPI_Comm_set_errhandler(ranks_, k_.errors_return);
  }
  int rank(int& rank) override { return MPI_Comm_rank(ranks_, &rank); }
  int size(int& size) override { return MPI_Comm_size(ranks_, &size); }
  int finalize() override { return ours_ ? MPI_Finalize() : 0; }
  int abort(int code) override { return MPI_Abort(k_.world, code); }
  std::string describe(int error) override {
    char text[8192] = {};  // more than any ABI's MPI_MAX_ERROR_STRING
    int length = 0;
    return MPI_Error_string(error, text, &length) == 0 ? text : "error " + std::to_string(error);
  }

  int allreduce(void* data, int count, Type type) override {
    return MPI_Allreduce(k_.in_place, data, count, of(type), k_.sum, ranks_);
  }
  int test(Request& request, bool& done) override {
    int flag = 0;
    const int error = MPI_Test(&request, &flag, k_.status_ignore);
    done = flag != 0;
    return error;
  }
  int ibarrier(Request& request) override { return MPI_Ibarrier(ranks_, &request); }
  int ibcast(void* data, int count, Type type, int root, Request& request) override {
    return MPI_Ibcast(data, count, of(type), root, ranks_, &request);
  }
  int iallreduce(void* data, int count, Type type, Reduction reduction, Request& request) override {
    return MPI_Iallreduce(k_.in_place, data, count, of(type), reduction == Reduction::sum ? k_.sum : k_.min, ranks_, &request);
  }
  int iallgather(void* data, int count, Type type, Request& request) override {
    return MPI_Iallgather(k_.in_place, 0, of(type), data, count, of(type), ranks_, &request);
  }
  int iallgatherv(void* data, const int* counts, const int* places, Type type, Request& request) override {
    return MPI_Iallgatherv(k_.in_place, 0, of(type), data, counts, places, of(type), ranks_, &request);
  }
  int ialltoallv(const void* from, const int* counts, const int* places, void* into, const int* into_counts,
                 const int* into_places, Type type, Request& request) override {
    return MPI_Ialltoallv(from, counts, places, of(type), into, into_counts, into_places, of(type), ranks_, &request);
  }

 private:
  Handle of(Type type) const {
    switch (type) {
      case Type::f32: return k_.f32;
      case Type::f64: return k_.f64;
      case Type::u64: return k_.u64;
      default: return k_.byte;
    }
  }

#define ADABELIEF_DECLARE(name, arguments) int(*name) arguments = nullptr;
  ADABELIEF_MPI_CALLS(ADABELIEF_DECLARE)
#undef ADABELIEF_DECLARE
  const Constants<Handle> k_;
  Handle ranks_ = k_.world;  // the communicator of every exchange
  const char* missing_ = nullptr;
  bool ours_ = false;  // whether MPI was started here
};

}  // namespace adabelief::mpi
