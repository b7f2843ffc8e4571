// A launch with the addresses of the host. Where a thread would leave the device's memory, it is not valid.
#pragma once

#include <algorithm>
#include <vector>

#include "cuda/launch.h"
#include "kernels.h"
#include "update/sum.h"
#include "uses.h"

namespace adabelief {
namespace mock_driver {

/** A launch whose pointers are the host's. */
class Translated {
 public:
  Translated(const Launch& launch, unsigned blocks, const Uses& uses, const Translate& translate)
      : launch_(launch), uses_(uses), translate_(translate) {
    valid_ = translate_all(launch, blocks);
  }
  Translated(const Translated&) = delete;
  Translated& operator=(const Translated&) = delete;
  bool valid() const { return valid_; }
  const Launch& launch() const { return launch_; }

 private:
  template <class T>
  bool move(T*& pointer, std::size_t count) const {
    pointer = static_cast<T*>(translate_(pointer, count * sizeof(T)));
    return pointer != nullptr;
  }

  bool translate_all(const Launch& launch, unsigned blocks) {
    if (!move(launch_.pieces, blocks)) return false;
    if (uses_.repeated) return translate_repeated(blocks);
    std::size_t count = 0;
    for (unsigned k = 0; k < blocks; ++k) count = std::max<std::size_t>(count, launch_.pieces[k].row + 1);
    if (uses_.every_row) count = launch.count;
    if (!move(launch_.rows, count) || (launch.slot && !move(launch_.slot, 1))) return false;
    const std::size_t table = launch.table_rows;
    if (launch.steps && !move(launch_.steps, table)) return false;
    if ((uses_.steps && !launch.steps) || (uses_.counts && !move(launch_.counts, table)) ||
        (uses_.live && !move(launch_.live, 1))) {
      return false;
    }
    rows_.assign(launch_.rows, launch_.rows + count);
    launch_.rows = rows_.data();
    std::vector<bool> seen(count);
    for (unsigned k = 0; k < blocks; ++k) {
      const std::size_t row = launch_.pieces[k].row;
      if (launch_.pieces[k].begin >= rows_[row].cut.length) return false;
      if (launch.steps && rows_[row].number >= launch.table_rows) return false;
      if (!seen[row] && !translate_row(launch, rows_[row])) return false;
      seen[row] = true;
    }
    for (std::size_t row = 0; uses_.every_row && row < count; ++row) {
      if (!seen[row] && !translate_row(launch, rows_[row])) return false;
    }
    if (uses_.touched && !translate_touched(seen)) return false;
    if (uses_.tensors && !translate_tensors(launch)) return false;
    // What every row takes its part of was checked with the rows; here only the beginnings remain.
    return (!uses_.means || move(launch_.means, 0)) && (!uses_.norms || move(launch_.data_norms, 0)) &&
           (!uses_.norms || move(launch_.grad_norms, 0)) && (!uses_.sums || move(launch_.sums, 0)) &&
           (!partials_ || move(launch_.partials, 0)) && (!uses_.new_means || move(launch_.new_means, 0));
  }

  bool translate_row(const Launch& launch, DeviceRow& row) {
    const std::uint64_t length = row.cut.length;
    bool fine = (!uses_.data || move(row.data, length)) && (!uses_.out || move(row.out, length)) &&
                (!uses_.grad || move(row.grad, length)) && (!uses_.slow || move(row.slow, length)) &&
                (!uses_.ema || move(row.ema, length));
    for (int k = 0; k < uses_.states; ++k) fine = fine && move(row.state[k], length);
    const std::size_t segments = row.cut.segments();
    if (uses_.means) fine = fine && (segments == 0 || has(launch.means + row.segments, segments));
    if (uses_.new_means) fine = fine && has(launch.new_means + row.segments, segments);
    if (uses_.norms) fine = fine && has(launch.data_norms + row.tensor, 1) && has(launch.grad_norms + row.tensor, 1);
    if (!uses_.sums) return fine;
    const bool by_segments = launch.sum_of == SumOf::prepared;
    const Cut cut = by_segments ? row.cut : whole(row);
    if (uses_.partials && in_lanes(cut)) {
      partials_ = true;
      const std::uint64_t first = by_segments ? row.segment_partials : row.tensor_partials;
      fine = fine && has(launch.partials + first * sum_lanes, cut.all_blocks() * sum_lanes);
    }
    return fine && has(launch.sums + (by_segments ? row.segments : row.tensor), cut.all_blocks());
  }

  bool translate_repeated(unsigned blocks) {
    std::size_t count = 0, sources = 0;
    for (unsigned k = 0; k < blocks; ++k) count = std::max<std::size_t>(count, launch_.pieces[k].row + 1);
    if (!move(launch_.repeated, count)) return false;
    repeated_.assign(launch_.repeated, launch_.repeated + count);
    for (const RepeatedRow& row : repeated_) sources = std::max<std::size_t>(sources, row.begin + row.count);
    if (!move(launch_.sources, sources)) return false;
    sources_.assign(launch_.sources, launch_.sources + sources);
    for (RepeatedRow& row : repeated_) {
      if (row.count < 2 || !move(row.sum, row.length)) return false;
      for (std::size_t k = row.begin; k < row.begin + row.count; ++k) {
        if (!move(sources_[k], row.length)) return false;
      }
    }
    for (unsigned k = 0; k < blocks; ++k) {
      if (launch_.pieces[k].begin >= repeated_[launch_.pieces[k].row].length) return false;
    }
    launch_.repeated = repeated_.data();
    launch_.sources = sources_.data();
    return true;
  }

  bool translate_touched(const std::vector<bool>& seen) {
    std::size_t blocks = 0, spans = 0;
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      if (seen[row]) blocks = std::max<std::size_t>(blocks, rows_[row].tensor_partials + whole(rows_[row]).all_blocks());
    }
    if (!move(launch_.touched_blocks, blocks)) return false;
    for (std::size_t k = 0; k < blocks; ++k) {
      const TouchedBlock& block = launch_.touched_blocks[k];
      if (block.begin >= block.end) return false;
      spans = std::max<std::size_t>(spans, block.end);
    }
    if (!move(launch_.touched_spans, spans)) return false;
    spans_.assign(launch_.touched_spans, launch_.touched_spans + spans);
    for (TouchedSpan& span : spans_) {
      if (span.length == 0 || span.within + span.length > reduction_block || !move(span.grad, span.length)) return false;
    }
    launch_.touched_spans = spans_.data();
    return true;
  }

  bool translate_tensors(const Launch& launch) {
    if (!move(launch_.tensors, launch.count)) return false;
    for (std::size_t k = 0; k < launch.count; ++k) {
      if (!has(launch.sums + launch_.tensors[k], 1)) return false;
    }
    return true;
  }

  template <class T>
  bool has(const T* begin, std::size_t count) const {
    return translate_(begin, count * sizeof(T)) != nullptr;
  }

  Launch launch_;
  const Uses uses_;
  const Translate& translate_;
  std::vector<DeviceRow> rows_;
  std::vector<RepeatedRow> repeated_;
  std::vector<const float*> sources_;
  std::vector<TouchedSpan> spans_;
  bool partials_ = false;  // whether any row has some
  bool valid_;
};

}  // namespace mock_driver
}  // namespace adabelief
