// One CUDA device as an engine: its copy of the rows that lie there, and the launches of a step.
#pragma once

#include <vector>

#include "../table/engine.h"
#include "device_buffer.h"
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
  void reserve(DeviceBuffer& buffer, std::size_t bytes);
  void mark();

  void launch_squares(const Plan& plan, bool by_tensors);
  Launch describe(const Plan& plan, const SetPieces& pieces) const;
  void run(const Plan& plan, Pass pass, const SetPieces& pieces);
  void launch(cu::Function kernel, const Pieces& pieces, Launch& launch);
  /** Sums by blocks into `launch.sums`; the same, and adds the blocks of each segment up. */
  void sum_blocks(const SetPieces& pieces, Launch& launch, cu::Function kernel);
  void sum(const SetPieces& pieces, Launch& launch, cu::Function kernel);
  /** Where the sums lie: all sums, then all means, then the partial sums. */
  double* sums(Sums which) const { return reinterpret_cast<double*>(sums_.data()) + static_cast<std::size_t>(which) * room_; }
  float* means(Means which) const {
    return reinterpret_cast<float*>(sums(kinds_of_sums)) + static_cast<std::size_t>(which) * room_;
  }
  double* partials() const { return reinterpret_cast<double*>(means(kinds_of_means)); }

  CudaDevice& device_;
  RowList list_;
  std::vector<std::int32_t> listed_;  // the request that the list was made for: sets by row, variants, stages, needs
  bool fresh_ = true;                 // whether the list must be copied to the device
  DeviceBuffer table_, sums_;
  std::vector<double> host_sums_;
  std::size_t room_ = 0;  // for the sums of each kind, and the means
  cu::Stream stream_ = nullptr;
  cu::Event order_ = nullptr;  // the end of the last step on a stream that is not the default one
  bool launched_ = false;
};

}  // namespace adabelief
