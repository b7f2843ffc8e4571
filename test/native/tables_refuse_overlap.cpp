// A table refuses memory that a step would write and use twice, names both places, and has written nothing by then.
#include "check.h"
#include "step.h"

using namespace adabelief;

namespace {

constexpr std::size_t n = 8;

struct Fixture {
  std::vector<float> memory = std::vector<float>(400, 0.5f);
  Table table{find_formula("adabelief")};
  std::int32_t sets[4] = {-1, -1, -1, -1};
  const std::int32_t variant = 0, stages = 0;
  const float coefficients[max_coefficients] = {0, 0, 0, 0, 1, 0.9f, 0.1f, 0.999f, 0.001f, 1e-8f, 0.03f, -0.1f};

  explicit Fixture(int rows) {
    table.resize(rows);
    for (int row = 0; row < rows; ++row) bind(row);
  }
  float* at(std::size_t place) { return memory.data() + place; }
  /** Gives a row memory of its own; the arguments move one of its arrays elsewhere. */
  void bind(int row, int moved = -1, std::size_t place = 0) {
    const std::size_t base = static_cast<std::size_t>(row) * 5 * n;
    float* arrays[5];
    for (std::size_t k = 0; k < 5; ++k) arrays[k] = static_cast<int>(k) == moved ? at(place) : at(base + k * n);
    table.bind(row, {arrays[0], moved == 4 ? arrays[4] : arrays[0], arrays[1], {arrays[2], arrays[3]}, n}, 2);
    sets[row] = 0;
  }
  Outcome step() {
    Gradients gradients;
    return ::step(table, {sets, &variant, &stages, coefficients, noise_of_nothing, 1, &gradients});
  }

  void refuses(int row, Role role, int other_row, Role other_role, const char* what) {
    const std::vector<float> before = memory;
    const auto [kind, o] = step();
    CHECK(kind == Outcome::overlap && o.found, "%s: not refused", what);
    const bool direct = o.row == row && o.role == role && o.other_row == other_row && o.other_role == other_role;
    const bool turned = o.row == other_row && o.role == other_role && o.other_row == row && o.other_role == role;
    CHECK(direct || turned, "%s: names %d.%d and %d.%d", what, o.row, static_cast<int>(o.role), o.other_row,
          static_cast<int>(o.other_role));
    CHECK(memory == before, "%s: something was written", what);
  }
  void accepts(const char* what) {
    const std::vector<float> before = memory;
    REQUIRE(step().kind == Outcome::ready, "%s: refused", what);
    CHECK(memory != before, "%s: nothing was written", what);
  }
};

constexpr Role exp_avg = Role::state;
constexpr Role exp_avg_var = static_cast<Role>(static_cast<int>(Role::state) + 1);

}  // namespace

int main() {
  {
    Fixture f(2);
    f.accepts("disjoint rows that touch end to end");
  }
  {
    Fixture f(2);
    f.bind(1, 0, 7);
    f.refuses(0, Role::data, 1, Role::data, "data that share one element");
  }
  {
    Fixture f(2);
    f.bind(1, 0, 0);
    f.refuses(0, Role::data, 1, Role::data, "the same data");
  }
  {
    Fixture f(1);
    f.bind(0, 1, 0);
    f.refuses(0, Role::grad, 0, Role::data, "a gradient that is its parameter");
  }
  {
    Fixture f(1);
    f.bind(0, 1, 31);
    f.refuses(0, Role::grad, 0, exp_avg_var, "a gradient in its own state");
  }
  {
    Fixture f(2);
    f.bind(1, 1, 4);
    f.refuses(1, Role::grad, 0, Role::data, "a gradient in another parameter");
  }
  {
    Fixture f(2);
    f.bind(1, 1, 8);
    f.accepts("one gradient for two parameters");
  }
  {
    Fixture f(2);
    f.bind(1, 2, 16);
    f.refuses(1, exp_avg, 0, exp_avg, "a state of another parameter");
  }
  {
    Fixture f(2);
    f.bind(1, 4, 200);
    f.accepts("a result that goes elsewhere");
  }
  {
    Fixture f(2);
    f.bind(1, 4, 3);
    f.refuses(1, Role::out, 0, Role::data, "a result in another parameter");
  }
  {
    Fixture f(2);
    f.accepts("a first step");
    f.table.bind_grad(1, f.at(6));
    f.refuses(1, Role::grad, 0, Role::data, "a new gradient");
    f.table.bind_grad(1, f.at(300));
    f.accepts("a step after an error");
  }
  {
    Fixture f(2);
    f.bind(1, 0, 0);
    f.sets[1] = skipped;
    f.refuses(0, Role::data, 1, Role::data, "overlap with a row that is skipped");
    f.sets[1] = ignored;
    f.accepts("overlap with a row that is ignored");
    f.sets[1] = 0;
    f.refuses(0, Role::data, 1, Role::data, "the same row at work");
  }
  {
    Fixture f(2);
    f.sets[0] = 1;
    CHECK(f.step().kind == Outcome::invalid, "a set that is not there");
    f.sets[0] = 0;
    f.table.resize(3);
    f.sets[2] = ignored;
    CHECK(f.step().kind == Outcome::ready, "a row that was never bound, ignored");
    f.sets[2] = skipped;
    CHECK(f.step().kind == Outcome::invalid, "a row that was never bound, skipped");
    f.sets[2] = 0;
    CHECK(f.step().kind == Outcome::invalid, "a row that was never bound, at work");
  }
  {
    Fixture f(3);
    f.accepts("a step over three rows");
    f.table.resize(1);
    f.accepts("a step over the first of them, after the others are gone");
  }
  std::puts("overlap: every kind refused, every touch allowed");
}
