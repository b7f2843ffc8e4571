// The addon's exports. lib/native.ts has their types.
#include <napi.h>

#include "../core/coefficients.h"
#include "../core/formula.h"
#include "arrays.h"
#include "cuda_memory.h"
#include "processor.h"
#include "table_object.h"

namespace adabelief {

namespace {

/** formulas(): { [name]: { coefficients, states: number of state arrays by variant } } */
Napi::Value describe_formulas(const Napi::CallbackInfo& info) {
  const FormulaList list = formulas();
  Napi::Object result = Napi::Object::New(info.Env());
  for (int i = 0; i < list.count; ++i) {
    const FormulaTraits& formula = list.begin[i];
    Napi::Array states = Napi::Array::New(info.Env(), static_cast<std::size_t>(formula.variants));
    for (int v = 0; v < formula.variants; ++v) states.Set(static_cast<unsigned>(v), formula.variant[v].states);
    Napi::Object description = Napi::Object::New(info.Env());
    description["coefficients"] = formula.coefficients;
    description["states"] = states;
    result[formula.name] = description;
  }
  return result;
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports["Table"] = TableObject::define(env);
  exports["cuda"] = define_cuda(env);
  exports["formulas"] = Napi::Function::New<describe_formulas>(env, "formulas");
  exports["commonCoefficients"] = common_coefficients;
  exports["maxCoefficients"] = max_coefficients;
  define_arrays(env, exports);
  define_processor(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(adabelief, initialize)

}  // namespace adabelief
