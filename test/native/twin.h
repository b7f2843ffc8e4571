// One model twice, on the processor and on a device: each is one piece of memory, laid out alike, in which canaries lie around
// every array. What differs after a step is found by comparing the two.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "check.h"
#include "cuda/memory.h"
#include "numbers.h"
#include "step.h"

namespace twin {

using namespace adabelief;

/** What a step does, in two sets: `variant` with `stages` for most rows, the next variant without them for every fifth. */
struct Case {
  int formula, variant;
  std::int32_t stages;
  float decay, alpha, maximize;
  double scale, max_norm;
  const float* coefficients;  // the formula's
  Numbers numbers;
  std::uint64_t seed;
};

inline const FormulaTraits& formula_of(const Case& c) { return formulas().begin[c.formula]; }

/** The places of the arrays of one row within the memory of a model. */
enum Array { p, g, s0, s1, s2, slow, ema, out, arrays };

struct Row {
  std::size_t length;
  std::size_t place[arrays];
  int dimensions;
  std::size_t first;
};

class Layout {
 public:
  /** Rows of such lengths; from `device_row` on every one is misaligned in its own way, or not at all. */
  explicit Layout(const std::vector<std::size_t>& lengths) {
    for (std::size_t length : lengths) {
      const std::size_t number = rows.size();
      Row row{length, {}, number % 3 == 0 ? 1 : number % 3 == 1 ? 2 : 4, 1};
      const std::size_t firsts[] = {1, length % 3 == 0 ? 3u : 1u, length};
      row.first = length > 0 ? firsts[number / 3 % 3] : 1;
      for (int k = 0; k < arrays; ++k) {
        const std::size_t phase = number % 2 == 0 ? number / 2 % 4 : (number / 2 + static_cast<std::size_t>(k)) % 4;
        size = (size + guard + 3) / 4 * 4 + phase;
        row.place[k] = size;
        size += length;
      }
      if (number % 4 != 3) row.place[out] = row.place[p];
      rows.push_back(row);
    }
    size += guard;
  }

  std::vector<Row> rows;
  std::size_t size = 0;

 private:
  static constexpr std::size_t guard = 8;
};

/** The memory of a model before a step. */
inline std::vector<float> contents(const Layout& layout, const Case& c) {
  Random random(c.seed);
  std::vector<float> memory(layout.size, float_of(0xC0FFEE11));
  for (const Row& row : layout.rows) {
    for (int k = 0; k < arrays; ++k) {
      for (std::size_t i = 0; i < row.length; ++i) {
        const float value = number(c.numbers, random);
        const bool variance = k == s1 || k == s2;
        memory[row.place[k] + i] = variance && c.numbers == Numbers::usual ? std::abs(value) : value;
      }
    }
  }
  return memory;
}

/** A table over such memory; `base` is where it begins, on a device or on the processor. */
class Model {
 public:
  Model(const char* formula, const Layout& layout, float* base, int device) : table(find_formula(formula)), layout_(layout) {
    table.resize(static_cast<int>(layout.rows.size()));
    for (std::size_t i = 0; i < layout.rows.size(); ++i) {
      const Row& row = layout.rows[i];
      const auto at = [&](Array k) { return base + row.place[k]; };
      const int number = static_cast<int>(i);
      table.shape(number, row.dimensions, row.first);
      table.bind(number, {at(p), at(out), at(g), {at(s0), at(s1), at(s2)}, row.length}, max_states, at(slow), at(ema), device);
    }
  }

  /** Steps, and gives what became of the gradients' norm. */
  Gradients step(const Case& c) {
    const int others = (c.variant + 1) % formula_of(c).variants;
    const bool usable = !completes(formula_of(c), others);
    const std::int32_t variants[] = {c.variant, usable ? others : c.variant}, stages[] = {c.stages, 0};
    float coefficients[2 * max_coefficients] = {};
    for (int set = 0; set < 2; ++set) {
      float* begin = coefficients + set * max_coefficients;
      const Common common{set == 0 ? c.decay : 0, c.alpha, c.maximize, c.seed % 2 == 0 ? 0.1f : 0.75f};
      std::memcpy(begin, &common, sizeof common);
      std::copy_n(c.coefficients, formula_of(c).coefficients, begin + common_coefficients);
    }
    std::vector<std::int32_t> sets;
    for (std::size_t i = 0; i < layout_.rows.size(); ++i) sets.push_back(i % 11 == 7 ? skipped : i % 5 == 4 ? 1 : 0);
    Gradients gradients;
    gradients.scale = c.scale;
    gradients.max_norm = c.max_norm;
    const Outcome outcome = ::step(table, {sets.data(), variants, stages, coefficients, noise_of_nothing, 2, &gradients});
    REQUIRE(outcome.kind == Outcome::ready, "the step of %s was refused: %d", formula_of(c).name, static_cast<int>(outcome.kind));
    return gradients;
  }

  Table table;

 private:
  const Layout& layout_;
};

inline std::string describe(const Case& c) {
  return std::string(formula_of(c).name) + ", variant " + std::to_string(c.variant) + ", stages " + std::to_string(c.stages) +
         ", decay " + std::to_string(c.decay) + (c.maximize != 0 ? ", maximized" : "") + ", scale " + std::to_string(c.scale) +
         ", max_norm " + std::to_string(c.max_norm) + ", seed " + std::to_string(c.seed);
}

inline void expect_same(const std::vector<float>& got, const std::vector<float>& wanted, const std::string& where) {
  REQUIRE(got.size() == wanted.size(), "%zu floats, expected %zu: %s", got.size(), wanted.size(), where.c_str());
  for (std::size_t i = 0; i < got.size(); ++i) {
    CHECK(same(got[i], wanted[i]), "memory[%zu] is %a, expected %a: %s", i, got[i], wanted[i], where.c_str());
  }
}

}  // namespace twin
