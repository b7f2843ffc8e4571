// What JavaScript asks the thread of MPI for. Until its promise is settled it leases the memory in use and keeps every owner
// alive.
#pragma once

#include <napi.h>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "../core/aligned_buffer.h"
#include "../core/lease.h"
#include "../mpi/agreement.h"

namespace adabelief {

class MpiTask : public mpi::Job {
 public:
  using Act = std::function<void(mpi::World&)>;

  MpiTask(Napi::Env env, Act begin, Act finish = nullptr);

  /** What this task is about to do, for the other ranks. The agreement comes before `begin`. */
  void agree_on(const Napi::Value& ok, const Napi::Value& parts, const Napi::Value& message);
  /** Tasks of one batch come to nothing once one of them has: the other ranks begin no more of them either. */
  void belongs_to(double batch) { batch_ = batch; }
  /** Keeps an object alive. */
  void keep(const Napi::Value& value);
  void reads(const void* memory, std::size_t bytes) { use(memory, bytes, read_); }
  void writes(const void* memory, std::size_t bytes) { use(memory, bytes, written_); }

  /** Hands it to the thread of MPI. A promise of undefined, or of { fault, message, rank, part } where it failed. */
  static Napi::Value submit(std::unique_ptr<MpiTask> task);

  bool overlaps() const override { return finish_ != nullptr; }
  void begin(mpi::World& world) override;
  void finish(mpi::World& world) override { finish_(world); }
  void report(const std::optional<mpi::Failure>& failure) override;

 private:
  void use(const void* memory, std::size_t bytes, std::vector<Range>& ranges);
  void settle(Napi::Env env);

  const Act begin_, finish_;
  std::optional<mpi::Agreement> agreement_;
  double batch_ = -1;
  std::vector<Range> read_, written_;
  std::vector<std::shared_ptr<AlignedBuffer>> buffers_;
  std::shared_ptr<Lease> lease_;
  Napi::ObjectReference owners_;
  Napi::Promise::Deferred deferred_;
  Napi::ThreadSafeFunction back_;
  std::optional<mpi::Failure> failure_;
};

}  // namespace adabelief
