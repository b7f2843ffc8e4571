#include "chunks.h"

namespace adabelief {

void ChunkList::cut(const Plan& plan) {
  rows_.clear();
  touched_.clear();
  begins_.clear();
  elements_ = 0;
  std::size_t room = 0;
  plan.each_active([&](std::size_t row) {
    const std::size_t length = plan.rows()[row].length();
    if (plan.rows()[row].place != host || length == 0) return;
    for (std::size_t offset = 0; offset < length;) {
      if (room == 0) {
        begins_.push_back({rows_.size(), offset});
        room = chunk_length;
      }
      const std::size_t taken = std::min(room, length - offset);
      offset += taken;
      room -= taken;
    }
    rows_.push_back(row);
    if (plan.rows()[row].touched) touched_.push_back(row);
    elements_ += length;
  });
  begins_.push_back({rows_.size(), 0});
}

/** Touched rows lie anywhere in memory, so some of them are on their way at a time. */
Ahead ChunkList::ahead_in(const Row& tensor, const TouchedRows::Place& at) {
  constexpr std::size_t rows_ahead = 8;
  const TouchedRows::Place later = tensor.touched->later(at, rows_ahead);
  Ahead ahead = addresses_from(tensor.span, tensor.touched->element(later));
  ahead.grad = reinterpret_cast<std::uintptr_t>(tensor.touched->grad(later));
  return ahead;
}

}  // namespace adabelief
