// The rows of one device that sparse gradients touch, and all that kernels need to know of these gradients. It is other at each
// step, and so it is copied to the device as one.
#pragma once

#include <utility>

#include "driver.h"
#include "row_list.h"

namespace adabelief {

class TouchedList : public RowList {
 public:
  /** How many floats the sums of repeated rows take in a place. */
  static std::size_t sums(const Plan& plan, int place);

  /** Lists the touched rows of a place. The sums of repeated ones are to lie at `sums`. */
  void make(const Plan& plan, int place, float* sums);
  void clear();
  bool empty() const { return rows_.empty(); }

  /** What the device needs; and tells a launch that it lies at `base` there. */
  const std::vector<char>& image() const { return image_; }
  void place(Launch& launch, cu::Pointer base) const;
  /** The same for rows with sets of their own. */
  void place_steps(Launch& launch, cu::Pointer base) const;

  /** The elements of all repeated rows, of `small_piece` a piece. */
  const Pieces& repeated() const { return repeated_pieces_; }
  /** The blocks that sparse gradients touch. */
  const Pieces& blocks() const { return block_pieces_; }
  /** How many tensors of the place, with any gradient, have a norm. */
  std::size_t tensors() const { return tensors_.size(); }
  /** Calls `visit(variant)` for those of pieces whose rows have sets of their own. */
  template <class Visit>
  void each_variant(const SetPieces& pieces, const Visit& visit) const {
    for (const auto& [set, variant] : variants_) {
      if (set == pieces.set) visit(variant);
    }
  }

 private:
  void add_rows(const Plan& plan, std::size_t row);
  void add_repeated(const TouchedRows& touched, float* sums);
  void add_tensor(const Plan& plan, std::size_t row);
  void cut_all(const Plan& plan);
  void list_steps(const Plan& plan);
  void pack();
  template <class T>
  std::size_t pack(const std::vector<T>& items);

  std::vector<TouchedBlock> blocks_;
  std::vector<TouchedSpan> spans_;
  std::vector<RepeatedRow> repeated_;
  std::vector<const float*> sources_;
  std::vector<std::uint64_t> tensors_;
  std::vector<RowStep> steps_;                 // by sets, where rows have sets of their own
  std::vector<std::pair<int, int>> variants_;  // with the set of their pieces
  Pieces repeated_pieces_, block_pieces_;
  std::vector<char> image_;
  struct {
    std::size_t rows, pieces, blocks, spans, repeated, sources, tensors, steps;
  } at_{};  // in the image, in bytes
};

}  // namespace adabelief
