#include "lists.h"

#include <cstddef>
#include <initializer_list>
#include <utility>
#include <vector>

#include "core/coefficients.h"
#include "core/element_type.h"
#include "core/formula.h"
#include "core/formula_names.h"
#include "core/json.h"
#include "core/problem.h"
#include "core/program.h"
#include "core/stages.h"
#include "cpu/backend.h"
#include "table/request.h"
#include "table/row.h"

namespace adabelief {

namespace {

std::string numbers(std::initializer_list<std::pair<const char*, int>> list) {
  std::vector<std::pair<std::string, std::string>> members;
  for (const auto& [name, number] : list) members.emplace_back(name, std::to_string(number));
  return json::object(members);
}

std::string names(const std::vector<std::string>& list) {
  std::vector<std::string> elements;
  for (const std::string& name : list) elements.push_back(json::text(name));
  return json::array(elements);
}

/** { coefficients: names, choices: [{ name, values }], states: number of state arrays by variant, norms: whether they are needed
 * } */
std::string describe(int number) {
  const FormulaTraits& traits = formulas().begin[number];
  const FormulaNames named = names_of_formula(number);
  std::vector<std::string> choices, states;
  for (const ChoiceNames& choice : named.choices) {
    choices.push_back(json::object({{"name", json::text(choice.name)}, {"values", names(choice.values)}}));
  }
  for (int variant = 0; variant < traits.variants; ++variant) states.push_back(std::to_string(traits.variant[variant].states));
  return json::object({{"coefficients", names(named.coefficients)},
                       {"choices", json::array(choices)},
                       {"states", json::array(states)},
                       {"norms", traits.norms ? "true" : "false"}});
}

std::string describe_formulas() {
  std::vector<std::pair<std::string, std::string>> members;
  for (int i = 0; i < formulas().count; ++i) members.emplace_back(formulas().begin[i].name, describe(i));
  return json::object(members);
}

/** The place of each of `Gradients`' numbers. */
std::string places_of_gradients() {
#define ADABELIEF_PLACE(name) static_cast<int>(offsetof(Gradients, name) / sizeof(double))
  return numbers({{"scale", ADABELIEF_PLACE(scale)},
                  {"clip", ADABELIEF_PLACE(clip)},
                  {"maxNorm", ADABELIEF_PLACE(max_norm)},
                  {"skipNonFinite", ADABELIEF_PLACE(skip_non_finite)},
                  {"norm", ADABELIEF_PLACE(norm)},
                  {"skipped", ADABELIEF_PLACE(skipped)},
                  {"slot", ADABELIEF_PLACE(slot)},
                  {"capturable", ADABELIEF_PLACE(capturable)},
                  {"oneCount", ADABELIEF_PLACE(one_count)},
                  {"leftOnDevice", static_cast<int>(left_on_device)},
                  {"slotFloats", static_cast<int>(sizeof(NormSlot) / sizeof(float))},
                  {"count", static_cast<int>(sizeof(Gradients) / sizeof(double))}});
#undef ADABELIEF_PLACE
}

/** The layout of a LiveSet, in bytes; that of a RowStep; and how many operations a program may have. */
std::string places_of_live_sets() {
#define ADABELIEF_PLACE(name) static_cast<int>(offsetof(LiveSet, name))
  return numbers({{"bytes", static_cast<int>(sizeof(LiveSet))},
                  {"coefficients", ADABELIEF_PLACE(coefficients)},
                  {"numbers", ADABELIEF_PLACE(variant)},
                  {"interval", ADABELIEF_PLACE(interval)},
                  {"program", ADABELIEF_PLACE(program)},
                  {"most", most_operations},
                  {"rowBytes", static_cast<int>(sizeof(RowStep))}});
#undef ADABELIEF_PLACE
}

std::string operations() {
  using namespace operation;
  return numbers({{"number", number},
                  {"step", step},
                  {"power", power},
                  {"add", add},
                  {"subtract", subtract},
                  {"multiply", multiply},
                  {"divide", divide},
                  {"negate", negate},
                  {"root", root},
                  {"less", less},
                  {"at_least", at_least},
                  {"choose", choose},
                  {"store", store},
                  {"variant", variant}});
}

}  // namespace

std::string lists_in_json() {
  return json::object({
      {"formulas", describe_formulas()},
      {"commonCoefficients", names(split_names(Common::names))},
      {"maxCoefficients", std::to_string(max_coefficients)},
      {"host", std::to_string(host)},
      {"rowStates", numbers({{"skipped", skipped}, {"ignored", ignored}})},
      {"stages", numbers({{"centralize", stage::centralize},
                          {"centralizeConv", stage::centralize_conv},
                          {"begin", stage::begin},
                          {"blend", stage::blend},
                          {"beginEma", stage::begin_ema},
                          {"ema", stage::ema}})},
      {"roles", numbers({{"data", static_cast<int>(Role::data)},
                         {"out", static_cast<int>(Role::out)},
                         {"grad", static_cast<int>(Role::grad)},
                         {"state", static_cast<int>(Role::state)},
                         {"slow", static_cast<int>(Role::slow)},
                         {"ema", static_cast<int>(Role::ema)}})},
      {"gradients", places_of_gradients()},
      {"live", places_of_live_sets()},
      {"operations", operations()},
      {"problems", numbers({{"notFloat32", static_cast<int>(Problem::not_float32)},
                            {"detached", static_cast<int>(Problem::detached)},
                            {"otherLength", static_cast<int>(Problem::other_length)},
                            {"notDevice", static_cast<int>(Problem::not_device)},
                            {"otherDevice", static_cast<int>(Problem::other_device)},
                            {"disposed", static_cast<int>(Problem::disposed)}})},
      {"elementTypes", numbers({{"float32", static_cast<int>(ElementType::float32)},
                                {"bfloat16", static_cast<int>(ElementType::bfloat16)},
                                {"float16", static_cast<int>(ElementType::float16)}})},
      {"backendChoices", numbers({{"chosen", static_cast<int>(BackendChoice::chosen)},
                                  {"unknown", static_cast<int>(BackendChoice::unknown)},
                                  {"unsupported", static_cast<int>(BackendChoice::unsupported)},
                                  {"busy", static_cast<int>(BackendChoice::busy)}})},
  });
}

}  // namespace adabelief
