// A step has the same bits whatever rounding or flush-to-zero somebody else left in its thread, and leaves that as it was.
#include "core/float_environment.h"

#include <cfenv>

#include "check.h"
#include "cpu/backend.h"
#include "step.h"

using namespace adabelief;

namespace {

constexpr int length = 67;

struct Tensors {
  float p[length], g[length], m[length], s[length];
};

/** Numbers that flushing would lose: subnormal gradients, moments and parameters. */
Tensors subnormal() {
  Tensors tensors;
  Random random(7);
  for (int i = 0; i < length; ++i) {
    tensors.p[i] = float_of(static_cast<std::uint32_t>(random.below(0x00FFFFFF)));
    tensors.g[i] = -float_of(static_cast<std::uint32_t>(random.below(0x00FFFFFF)));
    tensors.m[i] = float_of(static_cast<std::uint32_t>(random.below(0x007FFFFF)));
    tensors.s[i] = float_of(static_cast<std::uint32_t>(random.below(0x007FFFFF)));
  }
  return tensors;
}

void step(Tensors& tensors) {
  Table table(find_formula("adabelief"));
  table.resize(1);
  table.bind(0, {tensors.p, tensors.p, tensors.g, {tensors.m, tensors.s}, length}, 2);
  const std::int32_t set = 0, variant = 0, stages = 0;
  const float coefficients[max_coefficients] = {0, 0, 0, 0, 1, 0.9f, 0.1f, 0.999f, 0.001f, 0, 1, -1e-3f};
  Gradients gradients;
  CHECK(::step(table, {&set, &variant, &stages, coefficients, noise_of_nothing, 1, &gradients}).kind == Outcome::ready,
        "the step was refused");
}

void expect_same(const Tensors& a, const Tensors& b, const char* what) {
  CHECK(std::memcmp(&a, &b, sizeof a) == 0, "other bits under %s", what);
}

}  // namespace

int main() {
  const BackendList list = backends();
  Tensors wanted;
  for (int i = 0; i < list.count; ++i) {
    if (use_backend(list.begin[i].name) != BackendChoice::chosen) continue;
    Tensors usual = subnormal();
    step(usual);
    if (i > 0) expect_same(usual, wanted, list.begin[i].name);
    wanted = usual;
    int kept = 0;
    for (float m : usual.m) kept += m != 0 && m < 1.17549435e-38f;
    CHECK(kept > length / 2, "only %d subnormal moments: the test would not notice flushing", kept);

    const auto before = FloatEnvironment::read();
    FloatEnvironment::write(FloatEnvironment::flush_to_zero);
    const auto flushing = FloatEnvironment::read();
    Tensors flushed = subnormal();
    step(flushed);
    CHECK(FloatEnvironment::read() == flushing, "the caller's flush-to-zero was not put back");
    FloatEnvironment::write(before);
    expect_same(flushed, wanted, "flush-to-zero");

    std::fesetround(FE_UPWARD);
    Tensors upward = subnormal();
    step(upward);
    CHECK(std::fegetround() == FE_UPWARD, "the caller's rounding was not put back");
    std::fesetround(FE_TONEAREST);
    expect_same(upward, wanted, "rounding upward");
    std::printf("%s: same bits under flush-to-zero and upward rounding\n", list.begin[i].name);
  }
}
