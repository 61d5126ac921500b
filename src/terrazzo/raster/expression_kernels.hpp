#pragma once
// What is done to blocks of pixels. Kernels are chosen by type when a program is made and
// know nothing of the expression.

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "terrazzo/raster/expression_numbers.hpp"

namespace terrazzo::raster::expressions {

// Pixels of one block; every buffer holds so many, used or not, and cheap kernels
// compute them all (a constant count is what lets the compiler use vector instructions).
constexpr std::size_t block_size = 1024;

// block_size elements of one type, and as many bytes, 1 where the pixel is valid.
struct Source {
  const void* values = nullptr;
  const std::uint8_t* valid = nullptr;
};

struct Block {
  void* values = nullptr;
  std::uint8_t* valid = nullptr;
};

// in: the operands, of the types the kernel was chosen for; out: overlaps none of them.
// count: pixels in use; errors come only from those.
using Kernel = void (*)(std::span<const Source> in, const Block& out, std::size_t count);

// C++ type that holds one number of the type.
template <NumberType type>
struct Stored {
  using T = double;
};
template <>
struct Stored<NumberType::boolean> {
  using T = std::uint8_t;
};
template <>
struct Stored<NumberType::uint8> {
  using T = std::uint8_t;
};
template <>
struct Stored<NumberType::int8> {
  using T = std::int8_t;
};
template <>
struct Stored<NumberType::uint16> {
  using T = std::uint16_t;
};
template <>
struct Stored<NumberType::int16> {
  using T = std::int16_t;
};
template <>
struct Stored<NumberType::uint32> {
  using T = std::uint32_t;
};
template <>
struct Stored<NumberType::int32> {
  using T = std::int32_t;
};
template <>
struct Stored<NumberType::uint64> {
  using T = std::uint64_t;
};
template <>
struct Stored<NumberType::int64> {
  using T = std::int64_t;
};
template <>
struct Stored<NumberType::float16> {
  using T = float;
};
template <>
struct Stored<NumberType::float32> {
  using T = float;
};

template <NumberType type>
using StoredType = typename Stored<type>::T;

// A result in the precision of its type.
template <NumberType type, class T>
StoredType<type> rounded(T value) noexcept {
  if constexpr (type == NumberType::float16)
    return to_half(static_cast<float>(value));
  else
    return static_cast<StoredType<type>>(value);
}

template <class T>
const T* values_of(const Source& source) {
  return static_cast<const T*>(source.values);
}

template <class T>
T* values_of(const Block& block) {
  return static_cast<T*>(block.values);
}

// to[i] = f(from[i]...) for all of a block, the same numbers on every
// processor. Written so that g++ -O2 makes vector instructions of simple
// functions: a constant count, and pointers that say as parameters that they
// overlap nothing.
template <class F, class To, class... From>
void each_plainly(F f, To* __restrict to, const From* __restrict... from) {
  for (std::size_t i = 0; i < block_size; ++i) to[i] = f(from[i]...);
}

#if defined(__x86_64__)
template <class F, class To, class... From>
[[gnu::target("avx2")]] void each_by_avx2(F f, To* __restrict to,
                                          const From* __restrict... from) {
  for (std::size_t i = 0; i < block_size; ++i) to[i] = f(from[i]...);
}
#endif

template <class F, class To, class... From>
void each(F f, To* to, const From*... from) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return each_by_avx2(f, to, from...);
#endif
  each_plainly(f, to, from...);
}

// to[i] is a[i] where chosen[i] is not 0, else b[i].
template <class T>
void choose(const std::uint8_t* chosen, const T* a, const T* b, T* to) {
  each([](std::uint8_t first, T x, T y) { return first != 0 ? x : y; }, to, chosen, a, b);
}

inline void both_valid(const std::uint8_t* a, const std::uint8_t* b, std::uint8_t* out) {
  each([](std::uint8_t x, std::uint8_t y) { return static_cast<std::uint8_t>(x & y); },
       out, a, b);
}

// Truth values as numbers of the type they were found by: what comparing real numbers
// gives without changing the width. From 0 and 1 to bytes 0 and 1.
template <class T>
void narrow(const T* flags, std::uint8_t* to) {
  if constexpr (std::is_same_v<T, double>)
    each(
        [](double flag) {
          return static_cast<std::uint8_t>(std::bit_cast<std::uint64_t>(flag) >> 52U &
                                           1U);
        },
        to, flags);
  else if constexpr (std::is_same_v<T, float>)
    each(
        [](float flag) {
          return static_cast<std::uint8_t>(std::bit_cast<std::uint32_t>(flag) >> 23U &
                                           1U);
        },
        to, flags);
  else
    each([](T flag) { return static_cast<std::uint8_t>(flag); }, to, flags);
}

// Flags of 0 make pixels invalid.
template <class T>
void restrict_valid(const T* flags, std::uint8_t* valid) {
  std::uint8_t before[block_size];
  std::uint8_t bytes[block_size];
  std::copy_n(valid, block_size, before);
  narrow(flags, bytes);
  both_valid(before, bytes, valid);
}

// (a, b) of `type` -> `type`. Ops "Add", "Sub", "Mult", "Div", "Mod", "Pow", "BitAnd",
// "BitOr", "minimum", "maximum" where numpy has them for the type (Div: reals; Sub, Mod,
// Pow: no boolean; BitAnd, BitOr: no real); null otherwise. `masked`: as numpy.ma does
// them: Div, Mod and Pow mask what is undefined. Integer Pow throws invalid_input for a
// negative exponent.
Kernel arithmetic_kernel(std::string_view op, NumberType type, bool masked);
// (a, b) of `type` -> boolean. Ops "Eq", "NotEq", "Lt", "LtE", "Gt", "GtE".
Kernel compare_kernel(std::string_view op, NumberType type);
// (a) -> the same type: "USub", "Invert", "abs"; null where numpy has none.
Kernel unary_kernel(std::string_view op, NumberType type);
// (a) -> the same real type: "sqrt" .. "arctanh"; null: no such function. `masked`:
// what is outside the function's domain becomes masked, its value numpy.ma's fill.
Kernel function_kernel(std::string_view name, NumberType type, bool masked);

// (a) -> to. A number other than 0 is true, NaN too.
Kernel cast_kernel(NumberType from, NumberType to);
// (condition, x, y): a masked condition gives y, masked.
Kernel where_kernel(NumberType type);
// (condition, x): x, masked also where the condition is true or masked.
Kernel masked_where_kernel(NumberType type);
// (mask, x): x, masked also where the values of mask are true; its validity is ignored.
Kernel set_mask_kernel(NumberType type);
// (x) -> boolean: is it masked?
Kernel get_mask_kernel();
// (x) -> boolean: is it NaN or infinite?
Kernel is_invalid_kernel(NumberType type);

// What numpy.ma leaves under masks; only setmask() can show it.
// (result, other): result, with the values of other where it is masked.
Kernel restore_kernel(NumberType type);
// (result, a, b) of a comparison "Eq" or "NotEq": where masked, whether the masks of a
// and b compare so. The types are not looked at.
Kernel restore_equal_kernel(std::string_view op);

}  // namespace terrazzo::raster::expressions
