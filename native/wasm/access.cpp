#include "../cpu/access.h"

#include "imports.h"

namespace adabelief {

namespace {

constexpr int roles = static_cast<int>(Role::ema) + 1;

/** One buffer per role for a piece, at different offsets within their pages: a load stalls on a recent store to the same
 * offset of another page. */
alignas(64) float copies[roles][Access::most + 160];

/** Arrays outside the module's memory have placeholder addresses beyond its end, which only identify them. */
bool is_outside(const float* array) {
  return reinterpret_cast<std::uintptr_t>(array) >= static_cast<std::uintptr_t>(__builtin_wasm_memory_size(0)) * 65536;
}

/** Where a piece begins in its tensor. A sparse gradient lies in the module's memory, and needs no copy. */
std::size_t first_of(const Row& row, std::size_t begin, int uses) {
  return row.touched && uses != access::grad ? row.touched->element(row.touched->place(begin)) : begin;
}

}  // namespace

template <class Pointer>
void Access::take(Pointer*& pointer, Role role, bool loads, ElementType type) {
  if (!pointer || !is_outside(pointer)) return;
  float* copy = copies[static_cast<int>(role)];
  if (loads) import_load(number_, static_cast<int>(role), begin_, length_, copy);
  pointer = element_of(copy, 0 - begin_, type);
}

// The rows belong to the table, which changes nothing while a step runs.
Access::Access(const Plan& plan, std::size_t row, std::size_t begin, std::size_t length, int uses)
    : row_(const_cast<Row&>(plan.rows()[row])),
      saved_(row_),
      number_(row),
      begin_(first_of(row_, begin, uses)),
      length_(length),
      writes_(uses == access::update) {
  const bool in_place = row_.span.out == row_.span.data;
  take(row_.span.data, Role::data, writes_ || (uses & access::data) != 0);
  take(row_.span.grad, Role::grad, writes_ || (uses & access::grad) != 0);
  for (int k = 0; k < row_.states; ++k) {
    const auto role = static_cast<Role>(static_cast<int>(Role::state) + k);
    take(row_.span.state[k], role, writes_ || (uses & access::states) != 0, row_.span.state_type);
  }
  take(row_.slow, Role::slow, writes_);
  take(row_.ema, Role::ema, writes_);
  if (in_place) {
    row_.span.out = const_cast<float*>(row_.span.data);
  } else {
    take(row_.span.out, Role::out, false);
  }
}

Access::~Access() {
  if (writes_) {
    const auto store = [this](const float* original, Role role) {
      if (original && is_outside(original)) {
        import_store(number_, static_cast<int>(role), begin_, length_, copies[static_cast<int>(role)]);
      }
    };
    const bool in_place = saved_.span.out == saved_.span.data;
    if (in_place) {
      store(saved_.span.data, Role::data);
    } else {
      store(saved_.span.out, Role::out);
    }
    for (int k = 0; k < saved_.states; ++k) store(saved_.span.state[k], static_cast<Role>(static_cast<int>(Role::state) + k));
    store(saved_.slow, Role::slow);
    store(saved_.ema, Role::ema);
  }
  row_ = saved_;
}

const float* reach(const float* array, std::size_t number, std::size_t begin, std::size_t length) {
  if (!is_outside(array)) return array + begin;
  import_load(number, 0, begin, length, copies[0]);
  return copies[0];
}

}  // namespace adabelief
