// A sparse gradient becomes a list of rows, each once and in their order: repeated ones are summed in the order of the gradient,
// and every block of the tensor that has any of them is found. A table counts the memory of the list as its own.
#include <cstdint>
#include <map>
#include <vector>

#include "check.h"
#include "table/table.h"

using namespace adabelief;

namespace {

/** Compares the rows with what a map says of them. */
void check(std::size_t rows, std::size_t width, const std::vector<std::uint32_t>& given) {
  std::vector<float> values(given.size() * width);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = 0.1f * static_cast<float>(i % 97) + 1;
  std::vector<std::int32_t> sets(given.size());
  std::map<std::uint32_t, std::vector<float>> wanted;
  for (std::size_t k = 0; k < given.size(); ++k) {
    sets[k] = static_cast<std::int32_t>(given[k] % 5);
    const float* from = values.data() + k * width;
    std::vector<float>& sum = wanted[given[k]];
    if (sum.empty()) {
      sum.assign(from, from + width);
    } else {
      for (std::size_t j = 0; j < width; ++j) sum[j] += from[j];
    }
  }
  TouchedRows touched;
  CHECK(touched.take({given.data(), sets.data(), given.size(), values.data()}, rows, width), "rows");
  touched.add_up(0, touched.repeated());
  CHECK(touched.length() == wanted.size() * width && touched.values() == values.size(), "rows");
  std::size_t element = 0;
  std::map<std::size_t, std::map<std::size_t, float>> by_block;
  for (const auto& [row, sum] : wanted) {
    for (std::size_t j = 0; j < width; ++j, ++element) {
      const TouchedRows::Place at = touched.place(element);
      CHECK(touched.element(at) == row * width + j, "rows");
      CHECK(*touched.grad(at) == sum[j], "rows");
      CHECK(touched.set(at) == static_cast<std::int32_t>(row % 5) && touched.rest(at) == width - j, "rows");
      by_block[(row * width + j) / reduction_block][(row * width + j) % reduction_block] = sum[j];
    }
  }
  CHECK(touched.blocks() == by_block.size(), "rows");
  std::size_t block = 0;
  for (const auto& [number, elements] : by_block) {
    std::map<std::size_t, float> found;
    touched.each_in_block(block++, [&](std::size_t within, const float* grad, std::size_t length) {
      for (std::size_t i = 0; i < length; ++i) CHECK(found.emplace(within + i, grad[i]).second, "rows");
    });
    CHECK(found == elements, "rows");
  }
}

/** Sums of repeated rows that lie elsewhere, and what is summed into them. */
void check_sums_elsewhere() {
  const std::uint32_t rows[] = {7, 2, 7, 9, 2};
  const float values[10] = {};
  float sums[4] = {};
  TouchedRows touched;
  CHECK(touched.take({rows, nullptr, 5, values}, 10, 2, false), "elsewhere");
  touched.use_sums(sums);
  CHECK(touched.repeated() == 2, "elsewhere");
  const float* const wanted[] = {sums, sums + 2, values + 6};
  std::size_t number = 0;
  touched.each_row([&](std::size_t, const float* grad, std::int32_t) { CHECK(grad == wanted[number++], "elsewhere"); });
  std::vector<const float*> sources;
  touched.each_repeated([&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) sources.push_back(touched.source(i));
  });
  CHECK((sources == std::vector<const float*>{values + 2, values + 8, values, values + 4}), "elsewhere");
}

/** A table's account of its memory grows with sparse gradients, and shrinks with its rows. */
void check_account() {
  constexpr std::size_t count = 1000, width = 8;
  std::vector<std::uint32_t> rows(count, 1);
  std::vector<float> memory(count * width), values(count * width);
  Table table(0);
  table.resize(2);
  const std::size_t before = table.bytes();
  for (int row = 0; row < 2; ++row) {
    table.shape(row, 2, count);
    table.bind(row, {memory.data(), memory.data(), nullptr, {}, memory.size()}, 0);
    CHECK(table.bind_sparse(row, {rows.data(), nullptr, count, values.data()}), "account");
    const std::size_t least = 3 * sizeof(std::uint32_t) * count * static_cast<std::size_t>(row + 1);
    CHECK(table.bytes() >= before + least && table.bytes() < before + 2 * least + 1000, "account");
  }
  const std::size_t after = table.bytes();
  CHECK(table.bind_sparse(0, {rows.data(), nullptr, 5, values.data()}) && table.bytes() == after, "account");
  table.resize(1);
  CHECK(table.bytes() < after - 2 * sizeof(std::uint32_t) * count, "account");
  table.resize(0);
  CHECK(table.bytes() <= before, "account");
}

}  // namespace

int main() {
  check(10, 3, {});
  check(10, 3, {7});
  check(10, 3, {7, 7, 0, 7, 9, 0});
  check(5, 5000, {4, 0, 4, 1});
  check(3, 4096, {2, 0, 2});
  check(70000, 2, {69999, 65536, 255, 256, 69999, 0, 65535});
  std::vector<std::uint32_t> many;
  for (std::uint32_t i = 0; i < 3000; ++i) many.push_back(i * 2654435761u % 1000);
  check(1000, 33, many);
  TouchedRows touched;
  const std::uint32_t beyond[] = {1, 4};
  CHECK(!touched.take({beyond, nullptr, 2, nullptr}, 4, 0), "rows");
  CHECK(touched.take({beyond, nullptr, 2, nullptr}, 5, 0) && touched.length() == 0 && touched.blocks() == 0, "rows");
  check_sums_elsewhere();
  check_account();
  std::puts("sparse rows: merged, summed and found by block");
}
