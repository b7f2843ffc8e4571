// Every backend gives the reference's bits: for every variant, length, misalignment and cut, for every kind of number,
// in place and into another buffer; and it touches nothing outside its arrays.
#include "cpu/backend.h"

#include <array>

#include "ahead.h"
#include "check.h"
#include "core/float_environment.h"
#include "core/formula.h"
#include "numbers.h"
#include "reference.h"

using namespace adabelief;

namespace {

constexpr int decays = 3, amsgrads = 3, phases = 4;
constexpr std::size_t widest = 16, longest = 2 * widest + 3, aligned_from = 1024;
const reference::Scalars plain{0.99f, 0.9f, 0.1f, 0.999f, 0.001f, 1e-8f, 0.0316f, -0.01f};
// The ends of what options allow: no memory at all, eps 0, a bias correction of 1, an infinite learning rate.
const reference::Scalars extremes[] = {{0.99f, 0.0f, 1.0f, 0.0f, 1.0f, 0.0f, 1.0f, -0.1f},
                                       {1e-3f, 0.5f, 0.5f, 0.98f, 0.02f, 1e-16f, 0.14142135f, -1e-3f},
                                       {0.0f, 0.9f, 0.1f, 0.999f, 0.001f, 1e30f, 0.5f, -INFINITY}};

using Arrays = std::array<std::vector<float>, 5>;  // p, g, exp_avg, exp_avg_var, max_exp_avg_var

Arrays make(std::size_t length, Numbers numbers, Random& random) {
  Arrays arrays;
  for (auto& array : arrays) {
    array.resize(length);
    for (float& value : array) value = number(numbers, random);
  }
  if (numbers == Numbers::usual) {
    for (std::size_t k = 3; k < 5; ++k) {
      for (float& value : arrays[k]) value = std::fabs(value);
    }
  }
  return arrays;
}

struct Case {
  const char* backend;
  int variant;
  std::size_t length, offset, cut;
  std::uint64_t seed;
};

/** Runs the kernel over guarded copies, cut in two, and compares every array with the reference. */
void compare(const Backend& backend, const Case& c, const reference::Scalars& scalars, const Arrays& before, bool in_place) {
  const int formula = find_formula("adabelief");
  CHECK(formula >= 0 && formulas().begin[formula].variants == 2 * amsgrads * phases, "the formula has another shape");
  auto decay = static_cast<reference::Decay>(c.variant % decays);
  if (decay == reference::Decay::coupled && scalars.decay == 0) decay = reference::Decay::none;  // a factor of 0: no decay
  const bool coupled = decay == reference::Decay::coupled;  // no variant of the formula: it happens to the gradient
  const VariantKernels& variant =
      backend.kernels->formulas[formula].variant[(decay == reference::Decay::decoupled) + 2 * (c.variant / decays)];
  Arrays wanted = before;
  reference::step(scalars, decay, static_cast<reference::Amsgrad>(c.variant / decays % amsgrads),
                  static_cast<reference::Phase>(c.variant / (decays * amsgrads)), wanted[0], wanted[1], wanted[2], wanted[3],
                  wanted[4]);

  std::vector<Guarded> memory;
  for (std::size_t k = 0; k < before.size(); ++k) {
    memory.emplace_back(c.length, (c.offset + k * (c.offset % 3)) % widest);  // not all arrays at the same phase
    if (c.length > 0) std::memcpy(memory[k].data(), before[k].data(), c.length * sizeof(float));
  }
  Guarded elsewhere(c.length, (c.offset * 5) % widest);
  float* out = in_place ? memory[0].data() : elsewhere.data();
  const Span whole{memory[0].data(), out, memory[1].data(), {memory[2].data(), memory[3].data(), memory[4].data()}, c.length};
  const auto run_piece = [&](std::size_t begin, std::size_t length) {
    Span span = piece_of(whole, begin, length);
    span.ahead = any_ahead(whole, begin + length, c.seed);
    coupled ? variant.run_prepared(span, &scalars.decay, {1, 1, scalars.decay, 0}) : variant.run(span, &scalars.decay);
  };
  run_piece(0, c.cut);
  run_piece(c.cut, c.length - c.cut);
  CHECK(std::strcmp(last_ran(), backend.name) == 0, "%s ran in place of %s", last_ran(), backend.name);

  const std::string where = std::string(c.backend) + ", variant " + std::to_string(c.variant) + ", length " +
                            std::to_string(c.length) + ", offset " + std::to_string(c.offset) + ", cut " + std::to_string(c.cut) +
                            ", seed " + std::to_string(c.seed) + (in_place ? ", in place" : ", elsewhere");
  for (std::size_t k = 0; k < before.size(); ++k) {
    CHECK(memory[k].intact(), "canary of array %zu: %s", k, where.c_str());
    const std::vector<float>& right = k == 1 || (k == 0 && !in_place) ? before[k] : wanted[k];
    for (std::size_t i = 0; i < c.length; ++i) {
      CHECK(same(memory[k].data()[i], right[i]), "array %zu [%zu] is %a, expected %a: %s", k, i, memory[k].data()[i], right[i],
            where.c_str());
    }
  }
  if (in_place) return;
  CHECK(elsewhere.intact(), "canary of out: %s", where.c_str());
  for (std::size_t i = 0; i < c.length; ++i) {
    CHECK(same(out[i], wanted[0][i]), "out [%zu] is %a, expected %a: %s", i, out[i], wanted[0][i], where.c_str());
  }
}

void sweep(const Backend& backend) {
  const FloatEnvironment environment;
  std::uint64_t seed = 0;
  for (int variant = 0; variant < decays * amsgrads * phases; ++variant) {
    for (std::size_t length = 0; length <= longest; ++length) {
      for (std::size_t offset = 0; offset < widest; ++offset) {
        Random random(++seed);
        const auto numbers = static_cast<Numbers>(seed % 3);
        const Case c{backend.name, variant, length, offset, random.below(length + 1), seed};
        compare(backend, c, plain, make(length, numbers, random), seed % 2 == 0);
      }
    }
    for (std::size_t cut = 0; cut <= longest; ++cut) {
      Random random(++seed);
      compare(backend, {backend.name, variant, longest, 1, cut, seed}, plain, make(longest, Numbers::usual, random), true);
    }
    for (std::size_t length : seams) {
      Random random(++seed);
      compare(backend, {backend.name, variant, length, seed % widest, seed % 2 * length / 3, seed}, plain,
              make(length, Numbers::usual, random), seed % 2 == 0);
    }
    for (std::size_t offset = 0; offset < widest; ++offset) {  // long enough to be brought to an alignment first
      Random random(++seed);
      compare(backend, {backend.name, variant, aligned_from + offset, offset, 0, seed}, plain,
              make(aligned_from + offset, Numbers::usual, random), seed % 2 == 0);
    }
    for (const reference::Scalars& scalars : extremes) {
      for (Numbers numbers : {Numbers::usual, Numbers::any, Numbers::special}) {
        Random random(++seed);
        compare(backend, {backend.name, variant, 3000, 0, 1500, seed}, scalars, make(3000, numbers, random), true);
      }
    }
  }
  std::printf("%s: %llu cases\n", backend.name, static_cast<unsigned long long>(seed));
}

}  // namespace

int main() {
  const BackendList list = backends();
  for (int i = 0; i < list.count; ++i) {
    if (list.begin[i].supported()) {
      sweep(list.begin[i]);
    } else {
      std::printf("SKIPPED, not passed: this processor does not have %s\n", list.begin[i].name);
    }
  }
}
