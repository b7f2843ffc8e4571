// Every chunk runs once, on whichever thread; a step has the same bits for any number of threads, also while other threads step.
#include <atomic>
#include <cmath>
#include <memory>
#include <thread>

#include "check.h"
#include "cpu/thread_pool.h"
#include "step.h"

using namespace adabelief;

namespace {

struct Counts {
  std::unique_ptr<std::atomic<int>[]> of;
};

void count(const void* context, Chunks chunks) {
  for (std::size_t chunk = chunks.begin; chunk < chunks.end; ++chunk) static_cast<const Counts*>(context)->of[chunk].fetch_add(1);
}

void run_and_count(int threads, std::size_t chunks) {
  const Counts counts{std::make_unique<std::atomic<int>[]>(chunks)};
  run_on_pool(threads, chunks, count, &counts);
  for (std::size_t i = 0; i < chunks; ++i) {
    CHECK(counts.of[i] == 1, "chunk %zu of %zu ran %d times on %d threads", i, chunks, counts.of[i].load(), threads);
  }
}

/** A model of tensors of all sizes: many small ones, some of them empty, and a few large ones. */
struct Model {
  std::vector<std::vector<float>> arrays;
  std::vector<std::int32_t> sets;
  Table table{find_formula("adabelief")};

  explicit Model(std::uint64_t seed) {
    Random random(seed);
    std::vector<std::size_t> lengths = {0, 1, 4095, 4096, 4097, 50000, 3, 120001};
    for (int i = 0; i < 40; ++i) lengths.push_back(random.below(3000));
    table.resize(static_cast<int>(lengths.size()));
    for (std::size_t length : lengths) {
      for (int k = 0; k < 4; ++k) {
        std::vector<float> array(length);
        for (float& value : array) value = k < 2 ? random.unit() : 0.0f;
        arrays.push_back(std::move(array));
      }
    }
    for (std::size_t row = 0; row < lengths.size(); ++row) {
      float* p = arrays[4 * row].data();
      table.bind(static_cast<int>(row),
                 {p, p, arrays[4 * row + 1].data(), {arrays[4 * row + 2].data(), arrays[4 * row + 3].data()}, lengths[row]}, 2);
      sets.push_back(row % 7 == 5 ? -1 : static_cast<std::int32_t>(row % 2));
    }
  }

  void step(int count) {
    // Two sets of coefficients: plain steps for the rows with even numbers, decayed ones for the others.
    const std::int32_t variants[] = {0, 1}, stages[] = {0, 0};
    float coefficients[2 * max_coefficients] = {0, 0, 0, 0, 1, 0.9f, 0.1f, 0.999f, 0.001f, 1e-8f, 0.03f, -0.1f};
    std::memcpy(coefficients + max_coefficients, coefficients, max_coefficients * sizeof(float));
    coefficients[max_coefficients + common_coefficients] = 0.99f;
    Gradients gradients;
    for (int i = 0; i < count; ++i) {
      const Outcome outcome = ::step(table, {sets.data(), variants, stages, coefficients, noise_of_nothing, 2, &gradients});
      REQUIRE(outcome.kind == Outcome::ready, "the step was refused");
    }
  }
};

void expect_same(const Model& a, const Model& b, int threads) {
  for (std::size_t k = 0; k < a.arrays.size(); ++k) {
    for (std::size_t i = 0; i < a.arrays[k].size(); ++i) {
      CHECK(same(a.arrays[k][i], b.arrays[k][i]), "array %zu [%zu] differs on %d threads", k, i, threads);
    }
  }
}

}  // namespace

int main() {
  for (int threads : {1, 2, 3, 5, 8}) {
    for (std::size_t chunks : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{1000}}) {
      for (int repeat = 0; repeat < 20; ++repeat) run_and_count(threads, chunks);
    }
  }

  // Other threads do take part: chunks that wait for each other are done by several at once.
  struct Meeting {
    std::atomic<int> present{0};
  } meeting;
  run_on_pool(
      3, 3,
      [](const void* context, Chunks) {
        auto& present = static_cast<const Meeting*>(context)->present;
        const_cast<std::atomic<int>&>(present).fetch_add(1);
        while (present.load() < 3) std::this_thread::yield();
      },
      &meeting);
  CHECK(meeting.present == 3, "only %d threads met", meeting.present.load());

  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([caller] {
      for (int repeat = 0; repeat < 300; ++repeat) run_and_count(2 + caller, 50);
    });
  }
  for (std::thread& caller : callers) caller.join();

  constexpr int steps = 10;
  set_pool_threads(1);
  Model wanted(11);
  wanted.step(steps);
  for (int threads = 2; threads <= 8; ++threads) {
    set_pool_threads(threads);
    Model model(11);
    model.step(steps);
    expect_same(model, wanted, threads);
  }

  set_pool_threads(3);
  std::vector<std::unique_ptr<Model>> models;
  std::vector<std::thread> steppers;
  for (int i = 0; i < 4; ++i) models.push_back(std::make_unique<Model>(11));
  for (auto& model : models) steppers.emplace_back([&model] { model->step(steps); });
  for (std::thread& stepper : steppers) stepper.join();
  for (auto& model : models) expect_same(*model, wanted, 3);
  std::puts("threads: every chunk once, the same bits on 1 to 8 threads and from 4 callers at once");
}
