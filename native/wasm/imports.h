// What WebAssembly asks of JavaScript: lib/wasm/instance.ts.
#pragma once

#include <cstddef>

#define ADABELIEF_IMPORT(name) __attribute__((import_module("adabelief"), import_name(name)))

extern "C" {
/** Copies elements of an array of the call at hand, floats or halves: that of a row and role, or the one with this number in a
 * list. */
ADABELIEF_IMPORT("load") void import_load(std::size_t number, int role, std::size_t begin, std::size_t length, float* into);
ADABELIEF_IMPORT("store")
void import_store(std::size_t number, int role, std::size_t begin, std::size_t length, const float* from);
/** Throws a RangeError in JavaScript. */
[[noreturn]] ADABELIEF_IMPORT("outOfMemory") void import_out_of_memory(std::size_t bytes);
}
