// Sets rounding to nearest and keeps subnormals while a step runs, then restores the caller's settings. Other native code may
// have changed them: onnxruntime, for example, can set flush-to-zero on Node's main thread.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace adabelief {

class FloatEnvironment {
 public:
  FloatEnvironment() : saved_(read()), changed_((saved_ & ~raised) != standard) {
    if (changed_) write(standard);
  }
  ~FloatEnvironment() {
    if (changed_) write(saved_);
  }
  FloatEnvironment(const FloatEnvironment&) = delete;
  FloatEnvironment& operator=(const FloatEnvironment&) = delete;

#if defined(__x86_64__)
  using Word = unsigned;
  static constexpr Word standard = 0x1F80;       // all exceptions masked, nearest, no FTZ, no DAZ
  static constexpr Word raised = 0x3F;           // exceptions that happened: they change nothing
  static constexpr Word flush_to_zero = 0x9FC0;  // FTZ and DAZ: what others leave behind
  static Word read() { return _mm_getcsr(); }
  static void write(Word word) { _mm_setcsr(word); }
#elif defined(__aarch64__)
  using Word = std::uint64_t;
  static constexpr Word standard = 0;
  static constexpr Word raised = 0;
  static constexpr Word flush_to_zero = 1u << 24;
  static Word read() {
    Word word;
    __asm__ volatile("mrs %0, fpcr" : "=r"(word));
    return word;
  }
  static void write(Word word) { __asm__ volatile("msr fpcr, %0" : : "r"(word)); }
#elif defined(__wasm__)
  using Word = unsigned;  // always to nearest, with subnormals
  static constexpr Word standard = 0, raised = 0, flush_to_zero = 0;
  static Word read() { return standard; }
  static void write(Word) {}
#else
#error "The bits of a step depend on the float environment: teach FloatEnvironment this processor."
#endif

 private:
  Word saved_;
  bool changed_;
};

}  // namespace adabelief
