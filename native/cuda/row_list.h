// The rows of one device as its kernels see them, cut into pieces.
#pragma once

#include <algorithm>
#include <vector>

#include "../table/plan.h"
#include "launch.h"

namespace adabelief {

/** A list of pieces within the list of all of them. */
struct Pieces {
  std::size_t begin = 0, count = 0;
};

/** The pieces of the rows with one set of coefficients: their elements, and the blocks of their sums. */
struct SetPieces {
  int set;
  std::uint64_t piece;  // the elements of each
  Pieces elements, tensors, segments;
  Pieces rows;  // one a row, where a device finds their steps
};

class RowList {
 public:
  /** Lists the rows at work in a place. */
  void make(const Plan& plan, int place);

  const std::vector<DeviceRow>& rows() const { return rows_; }
  const std::vector<DevicePiece>& pieces() const { return pieces_; }
  const std::vector<SetPieces>& sets() const { return sets_; }
  /** The number of a row in the table. */
  std::size_t table_row(std::size_t row) const { return table_rows_[row]; }
  /** How many blocks have partial sums at a time. */
  std::size_t partials() const { return std::max(segment_partials_, tensor_partials_); }

 private:
  DeviceRow with_partials(DeviceRow row, const Needs& needs);
  std::uint64_t elements_of(int set) const;
  template <class Count>
  Pieces cut(int set, std::uint64_t size, const Count& count);

  std::vector<DeviceRow> rows_;
  std::vector<std::size_t> table_rows_;
  std::vector<int> set_of_row_;
  std::vector<DevicePiece> pieces_;
  std::vector<SetPieces> sets_;
  std::uint64_t segment_partials_ = 0, tensor_partials_ = 0;  // in blocks
};

}  // namespace adabelief
