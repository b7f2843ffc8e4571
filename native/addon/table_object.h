// A Table for JavaScript. It keeps pointers only: the JavaScript objects that own the memory look at every array before each
// step, and bind again what they find changed.
#pragma once

#include <napi.h>

#include <memory>

#include "../cpu/table.h"

namespace adabelief {

class TableObject : public Napi::ObjectWrap<TableObject> {
 public:
  /** new Table(formula) */
  explicit TableObject(const Napi::CallbackInfo& info);
  void Finalize(Napi::Env env) override;

  static Napi::Function define(Napi::Env env);

 private:
  /** resize(rows) */
  void resize(const Napi::CallbackInfo& info);
  /** shape(row, dimensions, first dimension) */
  void shape(const Napi::CallbackInfo& info);
  /** bind(row, length, device, data, out, grad | null, ...three states | null, slow | null): 0, or what is wrong with which array
   * (see `status`). All of that length, and on that device; -1 is the processor. */
  Napi::Value bind(const Napi::CallbackInfo& info);
  /** bindGrads(rows: Int32Array, grads, count): the same for gradients alone; -1, or which of them is wrong, and how: its place
   * × 256 + what Memory says. Those before it are bound. */
  Napi::Value bind_grads(const Napi::CallbackInfo& info);
  /** setWork(setOfRow, variants, stages: Int32Array, coefficients: Float32Array, gradients: Float64Array): where step() will read
   * what to do; see Work in native/cpu/table.h */
  void set_work(const Napi::CallbackInfo& info);
  /** step(sets): null when done, or what prevented it: [row, role, other row, other role] of an overlap, [row, role] of memory
   * that another step is using */
  Napi::Value step(const Napi::CallbackInfo& info);
  /** stepAsync(sets, owners): the same, but a promise of undefined where nothing prevents it */
  Napi::Value step_async(const Napi::CallbackInfo& info);
  /** setStream(handle): where the following steps launch what they do on a device; 0n: the legacy default stream */
  void set_stream(const Napi::CallbackInfo& info);
  /** synchronize(): waits for what steps have launched */
  void synchronize(const Napi::CallbackInfo& info);

  int row(const Napi::Value& value) const;
  void account(Napi::Env env, std::size_t bytes);

  /** Reads how many sets of coefficients there are and whether the work fits; throws where it does not. */
  void read_work(const Napi::CallbackInfo& info);

  std::shared_ptr<Table> table_;  // shared with steps under way
  std::size_t accounted_ = 0;
  Work work_{};
  int sets_ = 0;
  int rows_of_work_ = 0;
  Napi::ObjectReference work_arrays_;  // own no other object, so that this makes no cycle
};

}  // namespace adabelief
