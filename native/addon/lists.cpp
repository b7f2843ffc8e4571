#include "lists.h"

#include <cstddef>
#include <initializer_list>
#include <utility>

#include "../core/coefficients.h"
#include "../core/formula.h"
#include "../core/formula_names.h"
#include "../core/stages.h"
#include "../table/request.h"
#include "../table/row.h"
#include "floats.h"
#include "processor.h"

namespace adabelief {

namespace {

Napi::Object numbers(Napi::Env env, std::initializer_list<std::pair<const char*, int>> list) {
  Napi::Object result = Napi::Object::New(env);
  for (const auto& [name, number] : list) result[name] = number;
  return result;
}

Napi::Array names(Napi::Env env, const std::vector<std::string>& list) {
  Napi::Array result = Napi::Array::New(env, list.size());
  for (std::size_t i = 0; i < list.size(); ++i) result.Set(static_cast<unsigned>(i), list[i]);
  return result;
}

/** { coefficients: names, choices: [{ name, values }], states: number of state arrays by variant, norms: whether they are needed
 * } */
Napi::Object describe(Napi::Env env, int number) {
  const FormulaTraits& traits = formulas().begin[number];
  const FormulaNames named = names_of_formula(number);
  Napi::Array choices = Napi::Array::New(env);
  for (const ChoiceNames& choice : named.choices) {
    Napi::Object one = Napi::Object::New(env);
    one["name"] = choice.name;
    one["values"] = names(env, choice.values);
    choices.Set(choices.Length(), one);
  }
  Napi::Array states = Napi::Array::New(env);
  for (int variant = 0; variant < traits.variants; ++variant) states.Set(states.Length(), traits.variant[variant].states);
  Napi::Object result = Napi::Object::New(env);
  result["coefficients"] = names(env, named.coefficients);
  result["choices"] = choices;
  result["states"] = states;
  result["norms"] = traits.norms;
  return result;
}

/** The place of each of `Gradients`' numbers. */
Napi::Object places_of_gradients(Napi::Env env) {
#define ADABELIEF_PLACE(name) static_cast<int>(offsetof(Gradients, name) / sizeof(double))
  return numbers(env, {{"scale", ADABELIEF_PLACE(scale)},
                       {"maxNorm", ADABELIEF_PLACE(max_norm)},
                       {"skipNonFinite", ADABELIEF_PLACE(skip_non_finite)},
                       {"norm", ADABELIEF_PLACE(norm)},
                       {"skipped", ADABELIEF_PLACE(skipped)},
                       {"count", static_cast<int>(sizeof(Gradients) / sizeof(double))}});
#undef ADABELIEF_PLACE
}

}  // namespace

void define_lists(Napi::Env env, Napi::Object exports) {
  Napi::Object all = Napi::Object::New(env);
  for (int i = 0; i < formulas().count; ++i) all[formulas().begin[i].name] = describe(env, i);
  exports["formulas"] = all;
  exports["commonCoefficients"] = names(env, split_names(Common::names));
  exports["maxCoefficients"] = max_coefficients;
  exports["host"] = host;
  exports["rowStates"] = numbers(env, {{"skipped", skipped}, {"ignored", ignored}});
  exports["stages"] = numbers(env, {{"centralize", stage::centralize},
                                    {"centralizeConv", stage::centralize_conv},
                                    {"begin", stage::begin},
                                    {"blend", stage::blend}});
  exports["roles"] = numbers(env, {{"data", static_cast<int>(Role::data)},
                                   {"out", static_cast<int>(Role::out)},
                                   {"grad", static_cast<int>(Role::grad)},
                                   {"state", static_cast<int>(Role::state)},
                                   {"slow", static_cast<int>(Role::slow)}});
  exports["gradients"] = places_of_gradients(env);
  exports["problems"] = numbers(env, {{"notFloat32", static_cast<int>(Problem::not_float32)},
                                      {"detached", static_cast<int>(Problem::detached)},
                                      {"otherLength", static_cast<int>(Problem::other_length)},
                                      {"notDevice", static_cast<int>(Problem::not_device)},
                                      {"otherDevice", static_cast<int>(Problem::other_device)},
                                      {"disposed", static_cast<int>(Problem::disposed)}});
  exports["backendChoices"] = numbers(env, {{"chosen", static_cast<int>(BackendChoice::chosen)},
                                            {"unknown", static_cast<int>(BackendChoice::unknown)},
                                            {"unsupported", static_cast<int>(BackendChoice::unsupported)},
                                            {"busy", static_cast<int>(BackendChoice::busy)}});
}

}  // namespace adabelief
