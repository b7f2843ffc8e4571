// A Table for JavaScript. It keeps pointers only: the JavaScript objects that own the memory look at every array before each
// step, and bind again what they find changed.
#pragma once

#include <napi.h>

#include <memory>

#include "../table/table.h"

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
  /** bind(row, length, device, data, out, grad | null, ...three states | null, slow | null, ema | null, type of the states, noise
   * id, noise offset): null where all arrays can be used, else { problem, role } of the first that cannot. All arrays must have
   * that length and lie on that device; -1 is the processor. */
  Napi::Value bind(const Napi::CallbackInfo& info);
  /** bindGrads(rows: Int32Array, grads, count): null, or { problem, index } of the first gradient that cannot be used. Those
   * before it are bound. */
  Napi::Value bind_grads(const Napi::CallbackInfo& info);
  /** bindSparse(row, rows: Uint32Array, sets: Int32Array | null, count, values): what is wrong with the values, or 0. The first
   * `count` of `rows` are those of the gradient, and of `sets` their sets of coefficients. */
  Napi::Value bind_sparse(const Napi::CallbackInfo& info);
  /** setRequest(setOfRow, variants, stages: Int32Array, coefficients: Float32Array, noise, gradients: Float64Array): where step()
   * will read what to do; see StepRequest in native/table/request.h */
  void set_request(const Napi::CallbackInfo& info);
  /** step(sets): null, or what prevented it: { row, role, otherRow, otherRole } of an overlap, { row, role } of memory that
   * another step is using */
  Napi::Value step(const Napi::CallbackInfo& info);
  /** stepAsync(sets, owners): the same, but a promise of undefined where nothing prevents it */
  Napi::Value step_async(const Napi::CallbackInfo& info);
  /** setStream(handle): where the following steps launch what they do on a device; 0n: the legacy default stream */
  void set_stream(const Napi::CallbackInfo& info);
  /** setSlots(memory): the slots that a device may leave norms in, or null */
  void set_slots(const Napi::CallbackInfo& info);
  /** setSteps(live: Uint8Array, counts, steps): the sets that the request has for devices that find the steps of their rows, and
   * the memory that they do it in; or null */
  void set_steps(const Napi::CallbackInfo& info);
  /** writeLive(sets, stream): brings these sets to the devices, in the order of a stream */
  void write_live(const Napi::CallbackInfo& info);
  /** synchronize(): waits for what steps have launched */
  void synchronize(const Napi::CallbackInfo& info);

  void define_step(Napi::Env env, Napi::Object self);
  int row(const Napi::Value& value) const;
  void account(Napi::Env env, std::size_t bytes);

  /** Reads the number of sets of coefficients; throws where the request does not fit the table. */
  void read_request(const Napi::CallbackInfo& info);
  Outcome prepare(const Napi::CallbackInfo& info);

  std::shared_ptr<Table> table_;  // shared with steps under way
  std::size_t accounted_ = 0;
  StepRequest request_{};
  int most_sets_ = 0;  // that the request has room for
  int most_rows_ = 0;
  int most_live_ = 0;
  Napi::ObjectReference request_arrays_;  // own no other object, so that this makes no cycle
  Napi::ObjectReference live_array_;
};

}  // namespace adabelief
