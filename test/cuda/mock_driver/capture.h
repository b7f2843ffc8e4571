// Graphs as the mock driver has them: what streams are captured into, and what runs when one is launched.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "cuda/driver.h"

namespace adabelief {
namespace mock_driver {

/** What happens on a device in the order of a stream. Its answer is that of the call, where nothing is captured. */
using Work = std::function<cu::Result()>;

/** A capture that has begun on a stream. */
struct Capture {
  bool invalidated = false;  // by a call that is not allowed meanwhile: what was captured is lost
  std::vector<Work> operations;
};

}  // namespace mock_driver

namespace cu {
using Graph = struct GraphTag*;
using GraphExec = struct GraphExecTag*;
struct GraphTag {
  Context context;
  std::vector<mock_driver::Work> operations;
};
struct GraphExecTag {
  Context context;
  std::vector<mock_driver::Work> operations;
};
namespace result {
constexpr Result capture_unsupported = 900, capture_invalidated = 901, capture_unmatched = 903, capture_isolation = 905,
                 capture_implicit = 906, captured_event = 907;
}
constexpr unsigned stream_non_blocking = 1;
}  // namespace cu

}  // namespace adabelief
