// Text in JSON, for lists that other languages read.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace adabelief {
namespace json {

/** Text of letters, digits and underscores: nothing needs an escape. */
inline std::string text(const std::string& text) { return "\"" + text + "\""; }

/** An array or an object: its elements between brackets. */
inline std::string join(char open, const std::vector<std::string>& elements, char close) {
  std::string result(1, open);
  for (const std::string& element : elements) {
    if (result.size() > 1) result += ',';
    result += element;
  }
  return result + close;
}

inline std::string array(const std::vector<std::string>& elements) { return join('[', elements, ']'); }

/** An object of keys and their values, which are JSON. */
inline std::string object(const std::vector<std::pair<std::string, std::string>>& members) {
  std::vector<std::string> elements;
  for (const auto& [key, value] : members) elements.push_back(text(key) + ':' + value);
  return join('{', elements, '}');
}

}  // namespace json
}  // namespace adabelief
