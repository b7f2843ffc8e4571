// The types in which arrays keep their elements.
#pragma once

#include <cstddef>

namespace adabelief {

/** JavaScript knows them by these names. */
enum class ElementType : int { float32, bfloat16, float16 };

/** Those of 16 bits. */
constexpr int half_types = 2;

/** The bytes of an element. */
constexpr std::size_t size_of(ElementType type) { return type == ElementType::float32 ? 4 : 2; }

}  // namespace adabelief
