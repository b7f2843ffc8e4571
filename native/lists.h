// Every list that native code and JavaScript use, for JavaScript: Lists in lib/native/lists.ts has their types.
#pragma once

#include <string>

namespace adabelief {

/** All lists as one object in JSON. Every engine exports it. */
std::string lists_in_json();

}  // namespace adabelief
