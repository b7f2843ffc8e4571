// Every backend's moving average has the bits of torch.lerp: for every length, misalignment, weight and kind of number; and it
// touches nothing else.
#include "check.h"
#include "core/float_environment.h"
#include "cpu/backend.h"
#include "exact_fma.h"
#include "numbers.h"

using namespace adabelief;

namespace {

constexpr std::size_t widest = 16, longest = 5 * widest + 3;
const float weights[] = {0, 1e-45f, 1e-3f, 0.1f, 0.49999997f, 0.5f, 0.50000006f, 0.75f, 0.99999994f, 1};

/** As PyTorch's kernel has it (aten/src/ATen/native/cpu/LerpKernel.cpp): fmadd(coefficient, end - start, base). */
float lerp(float start, float end, float weight) {
  const bool small = std::fabs(weight) < 0.5f;
  return exact_fma(small ? weight : weight - 1, end - start, small ? start : end);
}

void compare(const Backend& backend, std::size_t length, std::size_t offset, float weight, std::uint64_t seed) {
  Random random(seed);
  const auto numbers = static_cast<Numbers>(seed % 3);
  Guarded average(length, offset), p(length, offset * 5 % widest);
  std::vector<float> wanted(length), before(length);
  for (std::size_t i = 0; i < length; ++i) {
    average.data()[i] = number(numbers, random);
    p.data()[i] = before[i] = number(numbers, random);
    wanted[i] = lerp(average.data()[i], before[i], weight);
  }
  backend.kernels->elementwise.average(average.data(), p.data(), weight, length);
  CHECK(average.intact() && p.intact(), "%s: a canary, length %zu", backend.name, length);
  for (std::size_t i = 0; i < length; ++i) {
    CHECK(same(average.data()[i], wanted[i]), "%s: [%zu] of %zu is %a, expected %a: weight %a, offset %zu, seed %llu",
          backend.name, i, length, average.data()[i], wanted[i], weight, offset, static_cast<unsigned long long>(seed));
    CHECK(same(p.data()[i], before[i]), "%s: p[%zu] was written", backend.name, i);
  }
}

}  // namespace

int main() {
  const BackendList list = backends();
  for (int i = 0; i < list.count; ++i) {
    const Backend& backend = list.begin[i];
    if (!backend.supported()) {
      std::printf("SKIPPED, not passed: this processor does not have %s\n", backend.name);
      continue;
    }
    const FloatEnvironment environment;
    std::uint64_t seed = 0;
    for (const float weight : weights) {
      for (std::size_t length = 0; length <= longest; ++length) compare(backend, length, seed % widest, weight, ++seed);
      for (std::size_t offset = 0; offset < widest; ++offset) compare(backend, 4096 + offset, offset, weight, ++seed);
    }
    std::printf("%s: %llu cases\n", backend.name, static_cast<unsigned long long>(seed));
  }
}
