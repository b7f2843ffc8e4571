#include "hold.h"

namespace adabelief {

void Table::each_memory(const std::function<void(const void*, std::size_t, bool)>& visit) const {
  for (const std::size_t i : active_) {
    const Row& row = rows_[i];
    each_written(row, [&](const float* begin, std::size_t bytes, Role) { visit(begin, bytes, true); });
    if (row.grad_length() > 0) visit(row.span.grad, row.grad_length() * sizeof(float), false);
  }
}

Hold hold_memory(const Table& table) {
  Hold hold;
  std::vector<Range> read, written;
  table.each_memory([&](const void* memory, std::size_t bytes, bool writes) {
    const auto begin = reinterpret_cast<std::uintptr_t>(memory);
    (writes ? written : read).push_back({begin, begin + bytes});
    if (std::shared_ptr<AlignedBuffer> buffer = AlignedBuffer::containing(memory)) hold.buffers.push_back(std::move(buffer));
  });
  hold.lease = Lease::take(std::move(read), std::move(written));
  return hold;
}

}  // namespace adabelief
