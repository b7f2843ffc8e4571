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
  bool touched;         // the rows are those of sparse gradients
  bool counted;         // and have sets of their own: `set` is one of them
  std::uint64_t piece;  // the elements of each
  Pieces elements, tensors, segments;
  Pieces rows;  // one a row, where a device finds their steps
};

class RowList {
 public:
  /** Lists the rows of a place that this step updates. Rows with a sparse gradient are in a list of their own. */
  void make(const Plan& plan, int place);

  const std::vector<DeviceRow>& rows() const { return rows_; }
  const std::vector<DevicePiece>& pieces() const { return pieces_; }
  const std::vector<SetPieces>& sets() const { return sets_; }
  /** The number of a row in the table. */
  std::size_t table_row(std::size_t row) const { return table_rows_[row]; }
  /** How many blocks have partial sums at a time. */
  std::size_t partials() const { return std::max(segment_partials_, tensor_partials_); }

 protected:
  /** The rows that are cut together. */
  struct Kind {
    int set;
    bool counted;
    bool operator==(const Kind& other) const { return set == other.set && counted == other.counted; }
  };
  /** Of rows that no update sees. */
  static constexpr Kind of_no_set{-1, false};

  void clear();
  /** Adds a row, with room for the partial sums of its blocks: by tensors, where those are wanted, and by segments. */
  void add(DeviceRow row, std::size_t table_row, Kind kind, bool by_tensors);
  /** Cuts the rows of each set into pieces. */
  void cut_sets(const Plan& plan, bool touched);
  /** Cuts each of the rows of a kind into pieces of `size`, of what `count` counts. */
  template <class Count>
  Pieces cut(Kind kind, std::uint64_t size, const Count& count);

  static DeviceRow describe(const Plan& plan, std::size_t row);

  std::vector<DeviceRow> rows_;
  std::vector<DevicePiece> pieces_;

 private:
  std::uint64_t elements_of(Kind kind) const;

  std::vector<std::size_t> table_rows_;
  std::vector<Kind> kinds_;  // by row
  std::vector<SetPieces> sets_;
  std::uint64_t segment_partials_ = 0, tensor_partials_ = 0;  // in blocks
};

template <class Count>
Pieces RowList::cut(Kind kind, std::uint64_t size, const Count& count) {
  const std::size_t begin = pieces_.size();
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (!(kinds_[i] == kind)) continue;
    const std::uint64_t end = count(rows_[i]);
    for (std::uint64_t at = 0; at < end; at += size) pieces_.push_back({i, at});
  }
  return {begin, pieces_.size() - begin};
}

}  // namespace adabelief
