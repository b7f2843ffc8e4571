// Every backend gives the bits of the scalar one: for every variant of every formula, with and without coupled weight decay, for
// every length, misalignment and cut, in place and into another buffer, for every kind of number; and it touches nothing else.
#include <array>
#include <cmath>

#include "ahead.h"
#include "check.h"
#include "core/float_environment.h"
#include "core/formula.h"
#include "cpu/backend.h"
#include "numbers.h"
#include "samples.h"

using namespace adabelief;

namespace {

constexpr std::size_t widest = 16, longest = 2 * widest + 3, aligned_from = 1024;
constexpr float coupled_decay = 0.01f;

using Arrays = std::array<std::vector<float>, 2 + max_states>;  // p, g and the states

Arrays make(std::size_t length, Numbers numbers, Random& random) {
  Arrays arrays;
  for (auto& array : arrays) {
    array.resize(length);
    for (float& value : array) value = number(numbers, random);
  }
  for (std::size_t k = 3; k < arrays.size() && numbers == Numbers::usual; ++k) {
    for (float& value : arrays[k]) value = std::fabs(value);
  }
  return arrays;
}

struct Case {
  int formula;
  int variant;
  bool coupled;
  std::size_t length, offset, cut;
  bool in_place;
  std::uint64_t seed;
};

const VariantKernels& kernels_of(const Backend& backend, const Case& c) {
  return backend.kernels->formulas[c.formula].variant[c.variant];
}

void run(const VariantKernels& variant, const Case& c, const float* coefficients, const Span& span) {
  if (c.coupled) return variant.run_prepared(span, coefficients, {1, 1, coupled_decay, 0});
  variant.run(span, coefficients);
}

/** What the scalar backend makes of the arrays. */
void run_scalar(const Case& c, const float* coefficients, Arrays& arrays) {
  const BackendList list = backends();
  const VariantKernels& variant = kernels_of(list.begin[list.count - 1], c);
  const auto [p, g, first, second, third] =
      std::array{arrays[0].data(), arrays[1].data(), arrays[2].data(), arrays[3].data(), arrays[4].data()};
  run(variant, c, coefficients, {p, p, g, {first, second, third}, c.length});
}

/** Runs the kernel over guarded copies, cut in two, and compares every array with what the scalar backend makes of it. */
void compare(const Backend& backend, const Case& c, const float* coefficients, const Arrays& before) {
  Arrays wanted = before;
  run_scalar(c, coefficients, wanted);

  std::vector<Guarded> memory;
  for (std::size_t k = 0; k < before.size(); ++k) {
    memory.emplace_back(c.length, (c.offset + k * (c.offset % 3)) % widest);  // not all arrays at the same phase
    if (c.length > 0) std::memcpy(memory[k].data(), before[k].data(), c.length * sizeof(float));
  }
  memory.emplace_back(c.length, (c.offset * 5) % widest);
  float* out = memory[c.in_place ? 0 : before.size()].data();
  const VariantKernels& variant = kernels_of(backend, c);
  const Span whole{memory[0].data(), out, memory[1].data(), {memory[2].data(), memory[3].data(), memory[4].data()}, c.length};
  const auto run_piece = [&](std::size_t begin, std::size_t length) {
    Span span = piece_of(whole, begin, length);
    span.ahead = any_ahead(whole, begin + length, c.seed);
    run(variant, c, coefficients, span);
  };
  run_piece(0, c.cut);
  run_piece(c.cut, c.length - c.cut);
  CHECK(std::strcmp(last_ran(), backend.name) == 0, "%s ran in place of %s", last_ran(), backend.name);

  const std::string where = std::string(backend.name) + ", " + formulas().begin[c.formula].name + ", variant " +
                            std::to_string(c.variant) + (c.coupled ? ", decayed" : "") + ", length " + std::to_string(c.length) +
                            ", offset " + std::to_string(c.offset) + ", cut " + std::to_string(c.cut) + ", seed " +
                            std::to_string(c.seed) + (c.in_place ? ", in place" : ", elsewhere");
  for (std::size_t k = 0; k < memory.size(); ++k) {
    CHECK(memory[k].intact(), "canary of array %zu: %s", k, where.c_str());
    const bool is_out = memory[k].data() == out;
    if (k == before.size() && !is_out) continue;
    const std::size_t states = static_cast<std::size_t>(formulas().begin[c.formula].variant[c.variant].states);
    const bool written = is_out || (k >= 2 && k < 2 + states);
    const std::vector<float>& right = written ? wanted[is_out ? 0 : k] : before[k];
    for (std::size_t i = 0; i < c.length; ++i) {
      CHECK(same(memory[k].data()[i], right[i]), "array %zu [%zu] is %a, expected %a: %s", k, i, memory[k].data()[i], right[i],
            where.c_str());
    }
  }
}

/** The sum of directions, with all its bits. */
void compare_directions(const Backend& backend, const Case& c, const float* coefficients, Arrays arrays) {
  const BackendList list = backends();
  const Span span{arrays[0].data(), arrays[0].data(), nullptr, {arrays[2].data(), arrays[3].data()}, c.length};
  const auto sum = [&](const Backend& one) { return kernels_of(one, c).directions(span, coefficients, 0); };
  const double ours = sum(backend), wanted = sum(list.begin[list.count - 1]);
  CHECK(ours == wanted || (ours != ours && wanted != wanted), "%s: directions of %s %d over %zu: %a, expected %a, seed %llu",
        backend.name, formulas().begin[c.formula].name, c.variant, c.length, ours, wanted,
        static_cast<unsigned long long>(c.seed));
}

void sweep(const Backend& backend, const Sample& sample, int variant, bool coupled, std::uint64_t& seed) {
  const FormulaTraits& formula = formulas().begin[sample.formula];
  const auto try_one = [&](std::size_t length, std::size_t offset, Numbers numbers) {
    Random random(++seed);
    const Case c{sample.formula, variant, coupled, length, offset, random.below(length + 1), seed % 2 == 0, seed};
    const Arrays arrays = make(length, numbers, random);
    compare(backend, c, sample.coefficients, arrays);
    if (formula.variant[variant].following >= 0) compare_directions(backend, c, sample.coefficients, arrays);
  };
  for (std::size_t length = 0; length <= longest; ++length) {
    for (std::size_t k = 0; k < 4; ++k) try_one(length, (length + k * 5) % widest, static_cast<Numbers>((seed + k) % 3));
  }
  for (std::size_t length : seams) try_one(length, length % 7, Numbers::usual);
  for (std::size_t offset = 0; offset < widest; ++offset) {  // long enough to be brought to an alignment first
    try_one(aligned_from + offset, offset, Numbers::usual);
  }
  for (Numbers numbers : {Numbers::usual, Numbers::any, Numbers::special}) try_one(3000, 0, numbers);
}

void sweep(const Backend& backend) {
  const FloatEnvironment environment;
  std::uint64_t seed = 0;
  for (const Sample& sample : samples()) {
    for (int variant = 0; variant < formulas().begin[sample.formula].variants; ++variant) {
      for (bool coupled : {false, true}) sweep(backend, sample, variant, coupled, seed);
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
