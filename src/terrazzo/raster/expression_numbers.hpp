#pragma once
// The numbers of an expression: numpy's types, what they promote to, and single numbers
// with the arithmetic of Python (or of numpy once a function returned them).

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "terrazzo/base/error.hpp"
#include "terrazzo/data/image.hpp"

namespace terrazzo::raster::expressions {

// numpy's names. boolean is stored as a byte 0 or 1, float16 as a float that holds a
// number float16 can hold.
enum class NumberType : std::uint8_t {
  boolean,
  uint8,
  int8,
  uint16,
  int16,
  uint32,
  int32,
  uint64,
  int64,
  float16,
  float32,
  float64,
};

template <NumberType type>
struct Tag {
  static constexpr NumberType value = type;
};

// Calls f(Tag<type>{}).
template <class F>
decltype(auto) with_number_type(NumberType type, F&& f) {
  using enum NumberType;
  switch (type) {
    case boolean:
      return f(Tag<boolean>{});
    case uint8:
      return f(Tag<uint8>{});
    case int8:
      return f(Tag<int8>{});
    case uint16:
      return f(Tag<uint16>{});
    case int16:
      return f(Tag<int16>{});
    case uint32:
      return f(Tag<uint32>{});
    case int32:
      return f(Tag<int32>{});
    case uint64:
      return f(Tag<uint64>{});
    case int64:
      return f(Tag<int64>{});
    case float16:
      return f(Tag<float16>{});
    case float32:
      return f(Tag<float32>{});
    case float64:
      break;
  }
  return f(Tag<float64>{});
}

NumberType number_type(ElementType type) noexcept;
// How an image holds it: boolean as uint8, float16 as float32.
ElementType element_type_of(NumberType type) noexcept;
std::string_view name_of(NumberType type) noexcept;
bool is_real(NumberType type) noexcept;
// numpy.promote_types.
NumberType promote(NumberType a, NumberType b) noexcept;
// To the nearest number of float16, half to even; beyond 65504 infinite.
float to_half(float value) noexcept;

__extension__ using BigInteger = __int128;

// A number that is the same for every pixel.
struct Scalar {
  enum class Kind : std::uint8_t { boolean, integer, real };

  Kind kind = Kind::integer;
  bool numpy = false;  // came out of a function: 64 bits that wrap, no division errors
  BigInteger integer = 0;
  double real = 0;

  static constexpr Scalar of_boolean(bool value, bool numpy) {
    return {Kind::boolean, numpy, value ? 1 : 0, value ? 1.0 : 0.0};
  }
  static constexpr Scalar of_integer(BigInteger value, bool numpy) {
    return {Kind::integer, numpy, value, static_cast<double>(value)};
  }
  static constexpr Scalar of_real(double value, bool numpy) {
    return {Kind::real, numpy, 0, value};
  }

  double number() const {
    return kind == Kind::real ? real : static_cast<double>(integer);
  }
  bool truth() const { return kind == Kind::real ? real != 0 : integer != 0; }
};

// "float", "numpy.bool_": what Python calls it.
std::string_view python_name(const Scalar& value) noexcept;
// The type of an array that holds just this number. Throws invalid_input: over 64 bits.
NumberType natural_type(const Scalar& value);
// numpy's value-based rule: what an array of `type` and this number promote to.
NumberType promote(NumberType type, const Scalar& value);
// The same for numpy's %, **, & and |, which widen to a signed integer if it will do.
NumberType promote_signed(NumberType type, const Scalar& value);

// Operators by the names of Python's syntax tree ("Add", "USub", "LtE"). Throw
// invalid_input in Python's words: division by zero, wrong kinds, numbers too large.
Scalar unary(std::string_view op, const Scalar& a);
Scalar binary(std::string_view op, const Scalar& a, const Scalar& b);
bool compare(std::string_view op, const Scalar& a, const Scalar& b);

// "unexpected error while evaluating expression: ..."
template <class... Args>
Error unexpected(Located<std::type_identity_t<Args>...> what, Args&&... args) {
  const std::string said = fmt::format(what.text, std::forward<Args>(args)...);
  return {ErrorKind::invalid_input,
          "unexpected error while evaluating expression: " + said, what.where};
}

}  // namespace terrazzo::raster::expressions
