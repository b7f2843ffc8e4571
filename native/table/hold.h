// The memory of a step on another thread: leased, so that no other code uses it, and kept alive if it lies in an AlignedBuffer.
#pragma once

#include <memory>
#include <vector>

#include "../core/aligned_buffer.h"
#include "../core/lease.h"
#include "table.h"

namespace adabelief {

struct Hold {
  std::shared_ptr<Lease> lease;
  std::vector<std::shared_ptr<AlignedBuffer>> buffers;
};

/** Holds the memory of the rows that a prepared step works on. */
Hold hold_memory(const Table& table);

}  // namespace adabelief
