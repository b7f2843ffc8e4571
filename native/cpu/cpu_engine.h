// The processor as an engine: a step's passes over the host's rows, on the threads of the pool.
#pragma once

#include "../table/engine.h"
#include "block_sums.h"
#include "chunks.h"
#include "piece.h"

namespace adabelief {

class CpuEngine : public Engine {
 public:
  void prepare(const Plan& plan, Changes changes) override;
  void sum_squares(const Plan& plan, double* sums) override;
  void run(const Plan& plan, Pass pass) override;
  void wait() override {}

 private:
  void lay_out(const Plan& plan);
  void add_up_repeated(const Plan& plan);
  int threads(const Plan& plan);

  ChunkList chunks_;
  BlockSums tensors_, means_, directions_;
  CpuSums sums_;
  int threads_ = 0;        // of the step at hand; 0: not decided
  bool added_up_ = false;  // whether its repeated rows are
};

}  // namespace adabelief
