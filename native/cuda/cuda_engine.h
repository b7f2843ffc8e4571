// One CUDA device as an engine: its copy of the rows that lie there, and the launches of a step.
#pragma once

#include <memory>
#include <vector>

#include "../table/engine.h"
#include "device_buffer.h"
#include "live_memory.h"
#include "row_list.h"

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
  void load_kernels(const Plan& plan);
  void reserve_sums(const Plan& plan);
  void copy_list();
  void use(cu::Stream stream);
  void require_prepared(const Plan& plan);
  void reserve(std::unique_ptr<DeviceBuffer>& buffer, std::size_t bytes);
  void replace_captured(std::unique_ptr<DeviceBuffer>& buffer);
  std::size_t bytes_of_sums(const Plan& plan) const;
  void mark();

  void launch_squares(const Plan& plan, bool by_tensors);
  Launch describe(const Plan& plan, const SetPieces& pieces) const;
  void find_steps(const Plan& plan, const SetPieces& pieces, Launch& launch) const;
  void run_rows(const Plan& plan, const char* kernel);
  /** Launches the update of every variant that rows of a set may have, or of what completes it. */
  void update(const Plan& plan, const SetPieces& pieces, Launch& launch, bool completes);
  void sum_directions(const Plan& plan, const SetPieces& pieces, Launch& launch);
  void run(const Plan& plan, Pass pass, const SetPieces& pieces);
  void launch(cu::Function kernel, const Pieces& pieces, Launch& launch);
  /** Sums by blocks into `launch.sums`; the same, and adds the blocks of each segment up. */
  void sum_blocks(const SetPieces& pieces, Launch& launch, cu::Function kernel);
  void sum(const SetPieces& pieces, Launch& launch, cu::Function kernel);
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
  std::unique_ptr<DeviceBuffer> table_, sums_;
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

}  // namespace adabelief
