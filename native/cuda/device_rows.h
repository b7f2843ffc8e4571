// The rows of a table that lie on one device: their copy of the table there, and the launches of a step.
#pragma once

#include <vector>

#include "../cpu/reduction.h"
#include "device.h"

namespace adabelief {

/** Memory for the launches' own use, which grows. */
class DeviceBuffer {
 public:
  explicit DeviceBuffer(CudaDevice& device) : device_(device) {}
  ~DeviceBuffer();
  DeviceBuffer(const DeviceBuffer&) = delete;
  DeviceBuffer& operator=(const DeviceBuffer&) = delete;

  /** Makes room for so many bytes; what it held may be lost. The context must be current. */
  void reserve(std::size_t bytes);
  cu::Pointer data() const { return data_; }
  std::size_t bytes() const { return bytes_; }

 private:
  void release() noexcept;

  CudaDevice& device_;
  cu::Pointer data_ = 0;
  std::size_t bytes_ = 0;
};

/** What a set of coefficients makes of its rows. */
struct DeviceSet {
  Launch launch;  // but for what lies on the device
  int variant;
  int following;     // the variant that completes it with the means of its directions, or -1
  bool centralized;  // its gradients, in rows that have segments
};

class DeviceRows {
 public:
  explicit DeviceRows(CudaDevice& device);
  ~DeviceRows();
  DeviceRows(const DeviceRows&) = delete;
  DeviceRows& operator=(const DeviceRows&) = delete;

  bool empty() const { return rows_.empty(); }

  // Preparing. Where it throws, nothing that a caller could see was changed.

  void clear();
  /** Adds a row that has elements; `table_row` is its number in the table, `set` that of its coefficients. */
  void add(const DeviceRow& row, int table_row, int set);
  /** Ends the list, and cuts it into pieces. */
  void finish();
  /** Has what follows use a stream, after all that was launched before. */
  void use(cu::Stream stream);
  /** Makes room for `sums` sums of each kind, and copies the list to the device where it is new there. Loads the kernels. */
  void prepare(std::size_t sums, int formula, const std::vector<DeviceSet>& sets, const Needs& needs);

  // Running: launches in the order of the stream.

  /** Sums the squares of gradients, and waits for them. */
  void sum_squares(const std::vector<DeviceSet>& sets, Reduction& into);
  /** The step itself. Waits for nothing. `written` becomes true with the first launch that writes what a caller could see. */
  void run(int formula, const std::vector<DeviceSet>& sets, const Needs& needs, bool& written);
  /** Waits until all that was launched is done. */
  void wait();

 private:
  /** Which sums: each kind has room of its own. */
  enum Sums { squares, means, directions, data_norms, grad_norms, kinds_of_sums };

  /** A list of pieces within the list of all of them. */
  struct Pieces {
    std::size_t begin = 0, count = 0;
  };
  struct SetPieces {
    int set;
    Pieces elements, norms, means;
  };

  template <class Count>
  Pieces cut(int set, std::uint64_t size, const Count& count);
  void reserve(DeviceBuffer& buffer, std::size_t bytes);
  void reserve_sums(std::size_t bytes);
  void mark();
  void copy(cu::Pointer to, const void* from, std::size_t bytes);
  void launch(cu::Function kernel, const Pieces& pieces, Launch& launch);
  void sum_blocks(const SetPieces& pieces, Launch launch, SumOf what, Sums into);
  void sum_segments(const SetPieces& pieces, Launch launch, SumOf what, Sums into);
  double* sums(Sums which) const { return reinterpret_cast<double*>(sums_.data()) + static_cast<std::size_t>(which) * room_; }

  CudaDevice& device_;
  DeviceBuffer table_, sums_;
  std::vector<DeviceRow> rows_;
  std::vector<int> table_rows_, set_of_row_;
  std::vector<DevicePiece> pieces_;
  std::vector<SetPieces> sets_;
  std::vector<double> host_sums_;
  std::size_t room_ = 0;  // for sums of each kind
  bool fresh_ = true;     // the list is not yet on the device
  cu::Stream stream_ = nullptr;
  cu::Event order_ = nullptr;  // the end of the last step on a stream that is not the default one
  bool launched_ = false;
};

}  // namespace adabelief
