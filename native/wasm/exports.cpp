// The tables and loops, for JavaScript by way of numbers: lib/wasm/instance.ts has their types.
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "../cpu/access.h"
#include "../cpu/accumulate.h"
#include "../cpu/backend.h"
#include "../cpu/convert.h"
#include "../cpu/norm.h"
#include "../lists.h"
#include "../table/table.h"

#if defined(ADABELIEF_RELAXED_MADD)
#include <wasm_simd128.h>
#endif

#define ADABELIEF_EXPORT(name) __attribute__((export_name(name)))

using namespace adabelief;

namespace {

std::vector<Floats32> list_of(float* const* arrays, const std::size_t* lengths, std::size_t count) {
  std::vector<Floats32> list;
  for (std::size_t k = 0; k < count; ++k) list.push_back({arrays[k], lengths[k]});
  return list;
}

}  // namespace

extern "C" {

void __wasm_call_ctors();
/** To be called once, before anything else. */
ADABELIEF_EXPORT("initialize") void initialize() { __wasm_call_ctors(); }

ADABELIEF_EXPORT("allocate") void* allocate(std::size_t bytes) { return std::aligned_alloc(64, (bytes + 63) / 64 * 64); }
ADABELIEF_EXPORT("release") void release(void* memory) { std::free(memory); }
ADABELIEF_EXPORT("lastRan") const char* wasm_last_ran() { return last_ran(); }

ADABELIEF_EXPORT("lists") const char* wasm_lists() {
  static const std::string lists = lists_in_json();
  return lists.c_str();
}

ADABELIEF_EXPORT("tableNew") Table* table_new(int formula) { return new Table(formula); }
ADABELIEF_EXPORT("tableDelete") void table_delete(Table* table) { delete table; }
ADABELIEF_EXPORT("tableResize") void table_resize(Table* table, int rows) { table->resize(rows); }
ADABELIEF_EXPORT("tableShape") void table_shape(Table* table, int row, int dimensions, std::size_t first) {
  table->shape(row, dimensions, first);
}
ADABELIEF_EXPORT("tableBind")
void table_bind(Table* table, int row, std::size_t length, float* data, float* out, float* grad, float* state0, float* state1,
                float* state2, float* slow, float* ema, int state_type, double noise_id, double noise_offset) {
  const int states = !state0 ? 0 : !state1 ? 1 : !state2 ? 2 : 3;
  Span span{data, out, grad, {state0, state1, state2}, length};
  span.state_type = static_cast<ElementType>(state_type);
  table->bind(row, span, states, slow, ema);
  table->noise(row, {static_cast<std::uint64_t>(noise_id), static_cast<std::uint64_t>(noise_offset)});
}
ADABELIEF_EXPORT("tableBindGrad") void table_bind_grad(Table* table, int row, float* grad) { table->bind_grad(row, grad); }

/** Arrays of the module's memory. False: one of the rows is none of the tensor's. */
ADABELIEF_EXPORT("tableBindSparse")
bool table_bind_sparse(Table* table, int row, const std::uint32_t* rows, const std::int32_t* sets, std::size_t count,
                       const float* values) {
  return table->bind_sparse(row, {rows, sets, count, values});
}

/** Runs a step over disjoint memory. False: the request does not fit the table. */
ADABELIEF_EXPORT("tableStep")
bool table_step(Table* table, const std::int32_t* set_of_row, const std::int32_t* variants, const std::int32_t* stages,
                const float* coefficients, const double* noise, int sets, Gradients* gradients) {
  if (table->prepare({set_of_row, variants, stages, coefficients, noise, sets, gradients}).kind != Outcome::ready) return false;
  table->run(1);
  return true;
}

ADABELIEF_EXPORT("accumulate")
void accumulate(float* into, const float* const* sources, int count, float scale, std::size_t length, bool pairs) {
  accumulate_on_pool(into, sources, count, scale, length, pairs ? SumOrder::pairs : SumOrder::sequence);
}
ADABELIEF_EXPORT("widen") void widen(int type, float* into, const std::uint16_t* from, std::size_t length) {
  widen_on_pool(static_cast<ElementType>(type), into, from, length);
}
ADABELIEF_EXPORT("narrow") void narrow(int type, std::uint16_t* into, const float* from, std::size_t length) {
  narrow_on_pool(static_cast<ElementType>(type), into, from, length);
}
ADABELIEF_EXPORT("norm")
double norm(float* const* arrays, const std::size_t* lengths, std::size_t count, double order) {
  return norm_on_pool(list_of(arrays, lengths, count), order);
}
ADABELIEF_EXPORT("read") double read(float* const* arrays, const std::size_t* lengths, std::size_t count) {
  return read_on_pool(list_of(arrays, lengths, count));
}
ADABELIEF_EXPORT("scale") void scale(float* array, std::size_t length, float factor) { scale_on_pool({{array, length}}, factor); }

/** Whether a multiply-add of four floats is rounded once: a·a is 1 + 2^-11 + 2^-24, and the last of it is lost if rounded. */
ADABELIEF_EXPORT("isFused")
bool is_fused([[maybe_unused]] float a, [[maybe_unused]] float minus_c, [[maybe_unused]] float* into) {
#if defined(ADABELIEF_RELAXED_MADD)
  wasm_v128_store(into, wasm_f32x4_relaxed_madd(wasm_f32x4_splat(a), wasm_f32x4_splat(a), wasm_f32x4_splat(minus_c)));
  for (int k = 0; k < 4; ++k) {
    if (into[k] != 0x1p-24f) return false;
  }
#endif
  return true;
}
}
