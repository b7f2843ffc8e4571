#include "chunks.h"

namespace adabelief {

void ChunkList::cut(const Plan& plan) {
  rows_.clear();
  begins_.clear();
  elements_ = 0;
  std::size_t room = 0;
  for (std::size_t row = 0; row < plan.rows().size(); ++row) {
    const std::size_t length = plan.rows()[row].span.length;
    if (!plan.active(row) || plan.rows()[row].place != host || length == 0) continue;
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
    elements_ += length;
  }
  begins_.push_back({rows_.size(), 0});
}

}  // namespace adabelief
