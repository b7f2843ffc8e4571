// How a formula declares its coefficients and its variants, so that other languages know them by name.
#pragma once

#include <type_traits>

namespace adabelief {

/** Declares floats and keeps their names: struct Betas { ADABELIEF_FLOATS(beta1, one_minus_beta1) }; */
#define ADABELIEF_FLOATS(...) \
  float __VA_ARGS__;          \
  static constexpr const char* names = #__VA_ARGS__;

/** The coefficients of a formula: the floats of its parts, in their order. */
template <class... Part>
struct CoefficientsOf : Part... {
  static constexpr const char* names[] = {Part::names...};
};

/** Declares what a step may choose: ADABELIEF_CHOICE(Decay, none, decoupled). */
#define ADABELIEF_CHOICE(Choice, ...)                   \
  struct Choice {                                       \
    enum Value { __VA_ARGS__ };                         \
    static constexpr const char* name = #Choice;        \
    static constexpr const char* values = #__VA_ARGS__; \
  };

/** The number of names in a list that commas separate. */
constexpr int count_names(const char* names) {
  int count = 1;
  for (; *names; ++names) count += *names == ',';
  return count;
}

/** The variants of a formula: every combination of its choices. The first choice varies fastest. */
template <class... Choice>
struct Choices {
  static constexpr int count = (1 * ... * count_names(Choice::values));

  /** What a variant chooses. */
  template <class Wanted>
  static constexpr typename Wanted::Value of(int variant) {
    return static_cast<typename Wanted::Value>(variant / stride<Wanted>() % count_names(Wanted::values));
  }

  /** The variant that differs in one choice. */
  template <class Changed>
  static constexpr int with(int variant, typename Changed::Value value) {
    return variant + (value - of<Changed>(variant)) * stride<Changed>();
  }

 private:
  template <class Wanted>
  static constexpr int stride() {
    int result = 1;
    bool found = false;
    ((found = found || std::is_same<Wanted, Choice>::value, result *= found ? 1 : count_names(Choice::values)), ...);
    return result;
  }
};

}  // namespace adabelief
