// One CUDA device as an engine: its copy of the rows that lie there, and the launches of a step.
#pragma once

#include <memory>
#include <vector>

#include "../table/engine.h"
#include "device_buffer.h"
#include "live_memory.h"
#include "touched_list.h"

namespace adabelief {

class CudaEngine : public Engine {
 public:
  explicit CudaEngine(CudaDevice& device);
  ~CudaEngine() override;
  CudaEngine(const CudaEngine&) = delete;
  CudaEngine& operator=(const CudaEngine&) = delete;

  void prepare(const Plan& plan, Changes changes) override;
  void sum_squares(const Plan& plan, double* sums) override;
  bool leave_norm(const Plan& plan, NormSlot* slot) override;
  void begin_steps(const Plan& plan) override;
  void end_steps(const Plan& plan) override;
  void write_live(const Plan& plan, const LiveSet* live, std::size_t sets, void* stream) override;
  /** Launches a pass, in the order of the stream. */
  void run(const Plan& plan, Pass pass) override;
  void wait() override;

 private:
  /** Sums that a step keeps on the device. Each kind has room of its own. */
  enum Sums { squares, segments, data_norms, grad_norms, kinds_of_sums };
  /** The means of gradients, and of directions. */
  enum Means { gradients, directions, kinds_of_means };

  void make_list(const Plan& plan, bool changed);
  void make_touched(const Plan& plan);
  void load_kernels(const Plan& plan);
  void reserve_sums(const Plan& plan);
  void copy_list();
  void copy_touched();
  void note_copies();
  void use(cu::Stream stream);
  void require_prepared(const Plan& plan);
  void reserve(std::unique_ptr<DeviceBuffer>& buffer, std::size_t bytes);
  void reserve_ample(std::unique_ptr<DeviceBuffer>& buffer, std::size_t bytes);
  void replace_captured(std::unique_ptr<DeviceBuffer>& buffer);
  std::size_t bytes_of_sums(const Plan& plan) const;
  void mark();

  /** How many tensors have a norm here. */
  std::size_t tensors() const { return touched_.empty() ? list_.rows().size() : touched_.tensors(); }
  template <class Visit>
  void each_set(const Visit& visit) const {
    for (const SetPieces& pieces : list_.sets()) visit(pieces);
    for (const SetPieces& pieces : touched_.sets()) visit(pieces);
  }
  /** Calls `visit(variant)` for those that rows may have. */
  template <class Visit>
  void each_variant(const Plan& plan, const SetPieces& pieces, const Visit& visit) const;
  /** The kernels for rows: by their launch, or by what each has for itself. */
  static FormulaKernel update_of(const Plan& plan, const SetPieces& pieces) {
    return plan.capturable() || pieces.counted ? FormulaKernel::update_live : FormulaKernel::update;
  }
  static FormulaKernel directions_of(const Plan& plan, const SetPieces& pieces) {
    return plan.capturable() || pieces.counted ? FormulaKernel::sum_directions_live : FormulaKernel::sum_directions;
  }
  void add_up_repeated();
  void launch_squares(const Plan& plan, bool by_tensors);
  Launch launch_over(bool touched) const;
  Launch describe(const Plan& plan, const SetPieces& pieces) const;
  void find_steps(const Plan& plan, const SetPieces& pieces, Launch& launch) const;
  void run_rows(const Plan& plan, const char* kernel);
  /** Launches the update of every variant that rows of a set may have, or of what completes it. */
  void update(const Plan& plan, const SetPieces& pieces, Launch& launch, bool completes);
  void sum_directions(const Plan& plan, const SetPieces& pieces, Launch& launch);
  void run(const Plan& plan, Pass pass, const SetPieces& pieces);
  void launch(cu::Function kernel, const Pieces& pieces, Launch launch);
  /** Sums by blocks into `launch.sums`; the same, and adds the blocks of each segment up. */
  void sum_blocks(const Pieces& blocks, Launch& launch, cu::Function kernel);
  void sum(const Pieces& blocks, Launch& launch, cu::Function kernel);
  void add_up(const Pieces& blocks, Launch& launch);
  /** Where the sums lie: all sums, then all means, then the partial sums. */
  double* sums(Sums which) const { return reinterpret_cast<double*>(sums_->data()) + static_cast<std::size_t>(which) * room_; }
  float* means(Means which) const {
    return reinterpret_cast<float*>(sums(kinds_of_sums)) + static_cast<std::size_t>(which) * room_;
  }
  double* partials() const { return reinterpret_cast<double*>(means(kinds_of_means)); }

  CudaDevice& device_;
  RowList list_;
  std::vector<std::int32_t> listed_;  // the request that the list was made for: sets by row, their cuts, needs
  bool fresh_ = true;                 // whether the list must be copied to the device
  TouchedList touched_;               // by the sparse gradients of the step at hand
  bool added_up_ = false;             // whether the rows that these repeat were
  std::unique_ptr<DeviceBuffer> table_, touched_table_, repeated_sums_, sums_;
  std::vector<std::unique_ptr<DeviceBuffer>> captured_;  // that graphs use, and steps no longer do
  LiveMemory live_;
  bool capturing_ = false;                               // whether the step at hand is captured into a graph
  bool table_captured_ = false, sums_captured_ = false;  // whether graphs use these
  bool any_graph_ = false;  // whether any step was captured: then work may be launched that is not known here
  std::vector<double> host_sums_;
  std::size_t room_ = 0;  // for the sums of each kind, and the means
  cu::Stream stream_ = nullptr;
  cu::Event order_ = nullptr;  // the end of the last step on a stream that is not the default one
  bool launched_ = false;
};

template <class Visit>
void CudaEngine::each_variant(const Plan& plan, const SetPieces& pieces, const Visit& visit) const {
  if (pieces.counted) return touched_.each_variant(pieces, visit);
  const PlannedSet& set = plan.sets()[static_cast<std::size_t>(pieces.set)];
  for (const int variant : {set.variant, set.other}) {
    if (variant >= 0) visit(variant);
  }
}

}  // namespace adabelief
