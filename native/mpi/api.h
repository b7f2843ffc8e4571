// An MPI library as the rest of the code sees it: no handle of any implementation.
#pragma once

#include <string>

namespace adabelief::mpi {

/** Room for a request of any ABI. MPI keeps no pointer to it. */
struct Request {
  alignas(8) unsigned char bytes[8] = {};
};

enum class Type { f32, f64, u64, byte };
enum class Reduction { sum, min };

/** Calls over the ranks of one communicator: all that were started, or those of one color. Each returns MPI's error code, 0 for
 * success. What begins with `i` goes on until `test` says that it is done; its memory must stay until then. */
class Api {
 public:
  virtual ~Api() = default;

  /** Starts MPI for calls of this thread alone. Errors are returned from then on. */
  virtual int init() = 0;
  /** Leaves this rank with those of its color, in their order. All ranks that were started must call it at once. It blocks. */
  virtual int split(int color) = 0;
  virtual int rank(int& rank) = 0;
  virtual int size(int& size) = 0;
  virtual int finalize() = 0;
  virtual int abort(int code) = 0;
  virtual std::string describe(int error) = 0;

  /** The sum of floats over all ranks, in place, in the library's own order. It blocks: for the benchmark alone. */
  virtual int allreduce(void* data, int count, Type type) = 0;
  virtual int test(Request& request, bool& done) = 0;
  virtual int ibarrier(Request& request) = 0;
  virtual int ibcast(void* data, int count, Type type, int root, Request& request) = 0;
  /** In place. */
  virtual int iallreduce(void* data, int count, Type type, Reduction reduction, Request& request) = 0;
  /** In place: rank k's part begins at k·count. */
  virtual int iallgather(void* data, int count, Type type, Request& request) = 0;
  /** In place: rank k's part has counts[k] elements and begins at places[k]. */
  virtual int iallgatherv(void* data, const int* counts, const int* places, Type type, Request& request) = 0;
  virtual int ialltoallv(const void* from, const int* counts, const int* places, void* into, const int* into_counts,
                         const int* into_places, Type type, Request& request) = 0;
};

}  // namespace adabelief::mpi
