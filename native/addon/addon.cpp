// The addon's exports. lib/native/addon.ts has their types.
#include <napi.h>

#include "../lists.h"
#include "../platform/library.h"
#include "arrays.h"
#include "cuda_arrays.h"
#include "cuda_memory.h"
#include "mpi_object.h"
#include "processor.h"
#include "table_object.h"

namespace adabelief {

namespace {

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  stay_loaded();
  exports["Table"] = TableObject::define(env);
  Napi::Object cuda = define_cuda(env);
  define_cuda_arrays(env, cuda);
  exports["cuda"] = cuda;
#if defined(ADABELIEF_MPI)
  exports["mpi"] = define_mpi(env);
#endif
  define_arrays(env, exports);
  exports["lists"] = lists_in_json();
  define_processor(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(adabelief, initialize)

}  // namespace adabelief
