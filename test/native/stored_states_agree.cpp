// States that are kept as bfloat16: every backend gives what the scalar backend's float32 step gives, each state rounded by the
// random bits of its element's place in the tensor; for every variant of every formula, length, misalignment and cut.
#include <array>
#include <cmath>

#include "ahead.h"
#include "check.h"
#include "core/float_environment.h"
#include "core/formula.h"
#include "cpu/backend.h"
#include "numbers.h"
#include "samples.h"
#include "step.h"

#define ADABELIEF_SET reference
#include "update/noise.h"

using namespace adabelief;

namespace {

constexpr std::size_t widest = 16, longest = 2 * widest + 3, aligned_from = 1024;

struct Arrays {
  std::vector<float> p, g;
  std::array<std::vector<std::uint16_t>, max_states> states;
};

Arrays make(std::size_t length, Numbers numbers, Random& random) {
  Arrays arrays{std::vector<float>(length), std::vector<float>(length), {}};
  for (auto* array : {&arrays.p, &arrays.g}) {
    for (float& value : *array) value = number(numbers, random);
  }
  for (std::size_t k = 0; k < max_states; ++k) {
    for (std::size_t i = 0; i < length; ++i) {
      const float value = number(numbers, random);
      arrays.states[k].push_back(reference::to_bfloat16(k > 0 && numbers == Numbers::usual ? std::fabs(value) : value));
    }
  }
  return arrays;
}

struct Case {
  int formula, variant;
  Factors factors;
  std::size_t length, offset, cut;
  Noise noise;
  std::uint64_t seed;
};

const VariantKernels& kernels_of(const Backend& backend, const Case& c) {
  return backend.kernels->formulas[c.formula].variant[c.variant];
}

/** The scalar backend's float32 step, then each state rounded. */
void run_reference(const Case& c, const float* coefficients, Arrays& arrays) {
  const BackendList list = backends();
  std::array<std::vector<float>, max_states> wide;
  for (std::size_t k = 0; k < max_states; ++k) {
    for (std::uint16_t half : arrays.states[k]) wide[k].push_back(reference::from_bfloat16(half));
  }
  const Span span{arrays.p.data(), arrays.p.data(), arrays.g.data(), {wide[0].data(), wide[1].data(), wide[2].data()}, c.length};
  kernels_of(list.begin[list.count - 1], c).run_prepared(span, coefficients, c.factors);
  for (int k = 0; k < formulas().begin[c.formula].variant[c.variant].states; ++k) {
    for (std::size_t i = 0; i < c.length; ++i) {
      const std::uint32_t hash = reference::hashed((c.noise.first + static_cast<std::uint32_t>(i)) ^ c.noise.key);
      const auto state = static_cast<std::size_t>(k);
      arrays.states[state][i] = reference::to_bfloat16(wide[state][i], reference::noise_of_state(k, hash));
    }
  }
}

/** Halves at a chosen offset from a cache line, with canaries on both sides. */
class GuardedHalves {
 public:
  GuardedHalves(const std::vector<std::uint16_t>& values, std::size_t offset)
      : length_(values.size()), odd_(offset % 2), memory_((length_ + odd_ + 1) / 2, offset / 2) {
    for (std::size_t i = 0; i < odd_ + length_ + (odd_ + length_) % 2; ++i) halves()[i] = canary;
    for (std::size_t i = 0; i < length_; ++i) data()[i] = values[i];
  }
  std::uint16_t* data() { return halves() + odd_; }
  bool intact() {
    const std::size_t end = odd_ + length_;
    return memory_.intact() && (odd_ == 0 || halves()[0] == canary) && (end % 2 == 0 || halves()[end] == canary);
  }

 private:
  static constexpr std::uint16_t canary = 0xBEEF;
  std::uint16_t* halves() { return reinterpret_cast<std::uint16_t*>(memory_.data()); }
  std::size_t length_, odd_;
  Guarded memory_;
};

float* as_state(GuardedHalves& halves) { return reinterpret_cast<float*>(reinterpret_cast<std::uintptr_t>(halves.data())); }

void compare(const Backend& backend, const Case& c, const float* coefficients, const Arrays& before) {
  Arrays wanted = before;
  run_reference(c, coefficients, wanted);
  Guarded p(c.length, c.offset), g(c.length, (3 * c.offset) % widest);
  for (std::size_t i = 0; i < c.length; ++i) {
    p.data()[i] = before.p[i];
    g.data()[i] = before.g[i];
  }
  std::vector<GuardedHalves> states;
  for (std::size_t k = 0; k < max_states; ++k) states.emplace_back(before.states[k], c.offset + k * (c.offset % 3));
  Span whole{p.data(), p.data(), g.data(), {as_state(states[0]), as_state(states[1]), as_state(states[2])}, c.length};
  whole.state_type = ElementType::bfloat16;
  whole.noise = c.noise;
  const auto run_piece = [&](std::size_t begin, std::size_t length) {
    Span span = piece_of(whole, begin, length);
    span.ahead = any_ahead(whole, begin + length, c.seed);
    kernels_of(backend, c).run_stored(span, coefficients, c.factors);
  };
  run_piece(0, c.cut);
  run_piece(c.cut, c.length - c.cut);
  CHECK(std::strcmp(last_ran(), backend.name) == 0, "%s ran in place of %s", last_ran(), backend.name);

  const std::string where = std::string(backend.name) + ", " + formulas().begin[c.formula].name + ", variant " +
                            std::to_string(c.variant) + ", length " + std::to_string(c.length) + ", offset " +
                            std::to_string(c.offset) + ", cut " + std::to_string(c.cut) + ", seed " + std::to_string(c.seed);
  CHECK(p.intact() && g.intact(), "canary: %s", where.c_str());
  for (std::size_t i = 0; i < c.length; ++i) {
    CHECK(same(p.data()[i], wanted.p[i]), "p[%zu] is %a, expected %a: %s", i, p.data()[i], wanted.p[i], where.c_str());
    CHECK(same(g.data()[i], before.g[i]), "g[%zu] was written: %s", i, where.c_str());
  }
  for (std::size_t k = 0; k < max_states; ++k) {
    CHECK(states[k].intact(), "canary of state %zu: %s", k, where.c_str());
    for (std::size_t i = 0; i < c.length; ++i) {
      CHECK(states[k].data()[i] == wanted.states[k][i], "state %zu [%zu] is %04X, expected %04X: %s", k, i, states[k].data()[i],
            wanted.states[k][i], where.c_str());
    }
  }
}

void sweep(const Backend& backend, const Sample& sample, int variant, std::uint64_t& seed) {
  const auto try_one = [&](std::size_t length, std::size_t offset, Numbers numbers) {
    Random random(++seed);
    const Factors all[] = {{1, 1, 0, 0}, {0.25f, 0.5f, 0, 0}, {1, 1, 0.01f, 0}, {1, 1, 0, 0.125f}, {1, 1, 0, -0.0f}};
    const Noise noise{static_cast<std::uint32_t>(random.next()), static_cast<std::uint32_t>(random.next())};
    const Case c{sample.formula, variant, all[seed % 5], length, offset, random.below(length + 1), noise, seed};
    compare(backend, c, sample.coefficients, make(length, numbers, random));
  };
  for (std::size_t length = 0; length <= longest; ++length) {
    for (std::size_t k = 0; k < 3; ++k) try_one(length, (length + k * 5) % widest, static_cast<Numbers>((seed + k) % 3));
  }
  for (std::size_t length : seams) try_one(length, length % 7, Numbers::usual);
  for (std::size_t offset = 0; offset < widest; offset += 3) try_one(aligned_from + offset, offset, Numbers::usual);
  for (Numbers numbers : {Numbers::usual, Numbers::any, Numbers::special}) try_one(3000, 0, numbers);
}

void sweep(const Backend& backend) {
  const FloatEnvironment environment;
  std::uint64_t seed = 0;
  for (const Sample& sample : samples()) {
    for (int variant = 0; variant < formulas().begin[sample.formula].variants; ++variant) sweep(backend, sample, variant, seed);
  }
  std::printf("%s: %llu cases\n", backend.name, static_cast<unsigned long long>(seed));
}

/** Rounds half the unit of a bfloat16 up and down alike over all random bits, and leaves alone what needs no rounding. */
void check_rounding() {
  Random random(1);
  for (int n = 0; n < 200; ++n) {
    const float x = random.unit();
    const std::uint32_t bits = bits_of(x), part = bits & 0xFFFF;
    std::uint32_t up = 0;
    for (std::uint32_t noise = 0; noise < 65536; ++noise) {
      const std::uint16_t rounded = reference::to_bfloat16(x, noise);
      REQUIRE(rounded == bits >> 16 || rounded == (bits >> 16) + 1, "%a became %04X", x, rounded);
      up += rounded != bits >> 16;
    }
    CHECK(up == part, "%a was rounded up %u times of 65536, expected %u", x, up, part);
  }
  for (std::uint32_t noise : {0u, 1u, 0x7FFFu, 0xFFFFu}) {
    for (std::uint32_t bits : {0x7FC00000u, 0xFFC00000u, 0x7F800001u, 0xFFFFFFFFu, 0x7FFFFFFFu}) {
      CHECK(reference::to_bfloat16(float_of(bits), noise) == 0x7FC0, "the NaN %08X became another number", bits);
    }
    for (std::uint32_t bits : {0x00000000u, 0x80000000u, 0x7F800000u, 0xFF800000u, 0x3F800000u, 0x00010000u, 0x7F7F0000u}) {
      CHECK(reference::to_bfloat16(float_of(bits), noise) == bits >> 16, "%08X needs no rounding", bits);
    }
  }
}

/** A table's step over a part of a tensor gives the elements of a step over the whole, also where places exceed 32 bits. */
void check_places() {
  constexpr std::size_t length = 3 * 4096 + 77, begin = 4096 + 5;
  const std::uint64_t place = (std::uint64_t{1} << 32) - 9000;
  const auto run = [&](std::size_t from, int threads) {
    Random random(7);
    Arrays arrays = make(length, Numbers::usual, random);
    Table table(find_formula("adam"));
    table.resize(1);
    Span span{arrays.p.data() + from, arrays.p.data() + from, arrays.g.data() + from, {}, length - from};
    span.state_type = ElementType::bfloat16;
    for (std::size_t k = 0; k < max_states; ++k) {
      span.state[k] = reinterpret_cast<float*>(reinterpret_cast<std::uintptr_t>(arrays.states[k].data() + from));
    }
    table.bind(0, span, 2);
    table.noise(0, {5, place + from});
    const std::int32_t set = 0, variant = 0, stages = 0;
    float coefficients[max_coefficients] = {0, 0, 0, 0, 1, 0.9f, 0.1f, 0.999f, 0.001f, 1e-8f, 1.0f, -0.01f};
    const double noise[] = {3, 11};
    Gradients gradients;
    const Outcome outcome = table.prepare({&set, &variant, &stages, coefficients, noise, 1, &gradients});
    REQUIRE(outcome.kind == Outcome::ready, "the step was refused");
    table.run(threads);
    return arrays;
  };
  const Arrays whole = run(0, 1);
  for (int threads : {1, 2, 5}) {
    const Arrays part = run(begin, threads);
    for (std::size_t k = 0; k < 2; ++k) {
      for (std::size_t i = begin; i < length; ++i) {
        CHECK(part.states[k][i] == whole.states[k][i], "state %zu [%zu] depends on the cut", k, i);
      }
    }
  }
  Random random(7);
  Arrays by_hand = make(length, Numbers::usual, random);
  const Case c{find_formula("adam"), 0, {1, 1, 0, 0}, length, 0, 0, {}, 0};
  const float own[] = {1, 0.9f, 0.1f, 0.999f, 0.001f, 1e-8f, 1.0f, -0.01f};
  std::array<Arrays, 2> ends{by_hand, by_hand};
  for (std::uint64_t upper : {0, 1}) {
    Case with_key = c;
    with_key.noise = noise_from({3, 11}, {5, place}, upper == 0 ? 0 : 9000, 0);
    with_key.noise.first = static_cast<std::uint32_t>(place);
    run_reference(with_key, own, ends[upper]);
  }
  for (std::size_t i = 0; i < length; ++i) {
    const Arrays& wanted = ends[i < 9000 ? 0 : 1];
    CHECK(whole.states[0][i] == wanted.states[0][i] && whole.states[1][i] == wanted.states[1][i], "element %zu has another key",
          i);
  }
}

}  // namespace

int main() {
  check_rounding();
  const BackendList list = backends();
  for (int i = 0; i < list.count; ++i) {
    if (list.begin[i].supported()) {
      use_backend(list.begin[i].name);
      check_places();
      if (list.begin[i].kernels->formulas[0].variant[0].run_stored) sweep(list.begin[i]);
    } else {
      std::printf("SKIPPED, not passed: this processor does not have %s\n", list.begin[i].name);
    }
  }
}
