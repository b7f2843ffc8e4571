// The least that a test needs: a check that says what failed and in which case, seeded numbers, guarded memory.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

/** Counts failures. A program with any of them ends with exit code 1. */
class Failures {
 public:
  static void add() {
    static const int registered = std::atexit([] {
      std::fprintf(stderr, "%d checks failed\n", count().load());
      std::fflush(nullptr);
      std::_Exit(1);
    });
    (void)registered;
    if (++count() == most) std::exit(1);
  }

 private:
  static constexpr int most = 20;  // the rest would say the same
  static std::atomic<int>& count() {
    static std::atomic<int> failures{0};
    return failures;
  }
};

#define ADABELIEF_SAY(condition, ...)                                     \
  do {                                                                    \
    std::fprintf(stderr, "%s:%d: %s\n  ", __FILE__, __LINE__, condition); \
    std::fprintf(stderr, __VA_ARGS__);                                    \
    std::fprintf(stderr, "\n");                                           \
    Failures::add();                                                      \
  } while (0)

/** Says what is wrong, and goes on. */
#define CHECK(condition, ...)                                 \
  do {                                                        \
    if (!(condition)) ADABELIEF_SAY(#condition, __VA_ARGS__); \
  } while (0)

/** The same where nothing could go on after it. */
#define REQUIRE(condition, ...)               \
  do {                                        \
    if (!(condition)) {                       \
      ADABELIEF_SAY(#condition, __VA_ARGS__); \
      std::exit(1);                           \
    }                                         \
  } while (0)

inline std::uint32_t bits_of(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

inline float float_of(std::uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/** Equal bits; any NaN equals any other, because processors differ in their sign and payload. */
inline bool same(float a, float b) { return (a != a && b != b) || bits_of(a) == bits_of(b); }

/** xorshift64*: the same numbers everywhere, from a seed that failures print. */
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u + 1) {}
  std::uint64_t next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545F4914F6CDD1Du;
  }
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>((next() >> 33) % limit); }
  /** Any float at all: NaN, infinities and subnormals with the share that their bits have. */
  float any() { return float_of(static_cast<std::uint32_t>(next() >> 32)); }
  /** A float in [-1, 1]. */
  float unit() { return static_cast<float>(static_cast<std::int64_t>(next()) >> 39) / 16777216.0f; }

 private:
  std::uint64_t state_;
};

/** Floats at a chosen offset from a 64-byte boundary, with canaries on both sides. */
class Guarded {
 public:
  Guarded(std::size_t length, std::size_t offset) : length_(length), offset_(offset), memory_(length + 2 * guard + 32) {
    const std::size_t misplaced = reinterpret_cast<std::uintptr_t>(memory_.data()) / sizeof(float) % 16;
    begin_ = guard + (16 - misplaced) % 16 + offset_;
    for (float& value : memory_) value = float_of(canary);
  }
  float* data() { return memory_.data() + begin_; }
  const float* data() const { return memory_.data() + begin_; }
  std::size_t length() const { return length_; }
  bool intact() const {
    for (std::size_t i = 0; i < memory_.size(); ++i) {
      if (i >= begin_ && i < begin_ + length_) continue;
      if (bits_of(memory_[i]) != canary) return false;
    }
    return true;
  }

 private:
  static constexpr std::size_t guard = 32;
  static constexpr std::uint32_t canary = 0xC0FFEE11;
  std::size_t length_, offset_, begin_ = 0;
  std::vector<float> memory_;
};
