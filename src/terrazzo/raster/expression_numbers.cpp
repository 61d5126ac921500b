#include "terrazzo/raster/expression_numbers.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

namespace terrazzo::raster::expressions {
namespace {

using enum NumberType;

struct TypeFacts {
  std::string_view name;
  int bits;
  bool is_signed;  // integers
  bool is_real;
};

constexpr std::array<TypeFacts, 12> facts{{{"bool", 1, false, false},
                                           {"uint8", 8, false, false},
                                           {"int8", 8, true, false},
                                           {"uint16", 16, false, false},
                                           {"int16", 16, true, false},
                                           {"uint32", 32, false, false},
                                           {"int32", 32, true, false},
                                           {"uint64", 64, false, false},
                                           {"int64", 64, true, false},
                                           {"float16", 16, true, true},
                                           {"float32", 32, true, true},
                                           {"float64", 64, true, true}}};

const TypeFacts& facts_of(NumberType type) {
  return facts[static_cast<std::size_t>(type)];
}

NumberType signed_of(int bits) {
  if (bits <= 8) return int8;
  if (bits <= 16) return int16;
  return bits <= 32 ? int32 : int64;
}

int category(NumberType type) {
  if (type == boolean) return 0;
  return is_real(type) ? 2 : 1;
}

constexpr BigInteger least_int64 = std::numeric_limits<std::int64_t>::min();
constexpr BigInteger most_int64 = std::numeric_limits<std::int64_t>::max();
constexpr BigInteger most_uint64 = std::numeric_limits<std::uint64_t>::max();

NumberType smallest_unsigned(BigInteger value) {
  if (value <= 0xFF) return uint8;
  if (value <= 0xFFFF) return uint16;
  return value <= 0xFFFFFFFF ? uint32 : uint64;
}

NumberType smallest_signed(BigInteger value) {
  for (const int bits : {8, 16, 32})
    if (-(BigInteger{1} << (bits - 1)) <= value && value < (BigInteger{1} << (bits - 1)))
      return signed_of(bits);
  return int64;
}

NumberType smallest_real(double value) {
  if (!std::isfinite(value) || std::abs(value) < 65000) return float16;
  return std::abs(value) < 3.4e38 ? float32 : float64;
}

std::string_view symbol(std::string_view op) {
  constexpr std::pair<std::string_view, std::string_view> symbols[] = {{"BitAnd", "&"},
                                                                       {"BitOr", "|"}};
  for (const auto& [name, sign] : symbols)
    if (name == op) return sign;
  return op;
}

Scalar whole(BigInteger value, bool numpy) {
  if (numpy) value = static_cast<std::int64_t>(static_cast<std::uint64_t>(value));
  return Scalar::of_integer(value, numpy);
}

Error too_large() { return unexpected("an integer of this expression is too large"); }

Scalar sum(std::string_view op, const Scalar& a, const Scalar& b, bool numpy) {
  if (a.kind == Scalar::Kind::real || b.kind == Scalar::Kind::real) {
    const double x = a.number();
    const double y = b.number();
    return Scalar::of_real(op == "Add" ? x + y : op == "Sub" ? x - y : x * y, numpy);
  }
  BigInteger out = 0;
  const bool over = op == "Add"   ? __builtin_add_overflow(a.integer, b.integer, &out)
                    : op == "Sub" ? __builtin_sub_overflow(a.integer, b.integer, &out)
                                  : __builtin_mul_overflow(a.integer, b.integer, &out);
  if (over) throw too_large();
  return whole(out, numpy);
}

Scalar quotient(const Scalar& a, const Scalar& b, bool numpy) {
  const bool reals = a.kind == Scalar::Kind::real || b.kind == Scalar::Kind::real;
  if (!numpy && !b.truth())
    throw reals ? unexpected("float division by zero") : unexpected("division by zero");
  return Scalar::of_real(a.number() / b.number(), numpy);
}

Scalar modulo(const Scalar& a, const Scalar& b, bool numpy) {
  if (a.kind == Scalar::Kind::real || b.kind == Scalar::Kind::real) {
    if (!numpy && !b.truth()) throw unexpected("float modulo");
    const double divisor = b.number();
    double left = std::fmod(a.number(), divisor);
    if (left != 0 && (divisor < 0) != (left < 0)) left += divisor;
    return Scalar::of_real(left, numpy);
  }
  if (b.integer == 0) {
    if (!numpy) throw unexpected("integer modulo by zero");
    return whole(0, numpy);
  }
  if (b.integer == -1) return whole(0, numpy);
  BigInteger left = a.integer % b.integer;
  if (left != 0 && (b.integer < 0) != (left < 0)) left += b.integer;
  return whole(left, numpy);
}

Scalar integer_power(BigInteger base, BigInteger exponent, bool numpy) {
  BigInteger out = 1;
  for (; exponent > 0; exponent >>= 1) {
    if ((exponent & 1) != 0 && __builtin_mul_overflow(out, base, &out) && !numpy)
      throw too_large();
    if (exponent > 1 && __builtin_mul_overflow(base, base, &base) && !numpy)
      throw too_large();
  }
  return whole(out, numpy);
}

Scalar power(const Scalar& a, const Scalar& b, bool numpy) {
  if (a.kind != Scalar::Kind::real && b.kind != Scalar::Kind::real) {
    if (b.integer >= 0) return integer_power(a.integer, b.integer, numpy);
    if (numpy) throw unexpected("Integers to negative integer powers are not allowed.");
  }
  const double base = a.number();
  const double exponent = b.number();
  if (!numpy && base == 0 && exponent < 0)
    throw unexpected("0.0 cannot be raised to a negative power");
  if (!numpy && base < 0 && std::isfinite(exponent) && std::floor(exponent) != exponent)
    throw unexpected("complex numbers are not supported");
  const double out = std::pow(base, exponent);
  if (!numpy && std::isinf(out) && std::isfinite(base) && std::isfinite(exponent))
    throw unexpected("(34, 'Numerical result out of range')");
  return Scalar::of_real(out, numpy);
}

Scalar bitwise(std::string_view op, const Scalar& a, const Scalar& b, bool numpy) {
  if (a.kind == Scalar::Kind::real || b.kind == Scalar::Kind::real)
    throw unexpected("unsupported operand type(s) for {}: '{}' and '{}'", symbol(op),
                     python_name(a), python_name(b));
  const BigInteger out =
      op == "BitAnd" ? (a.integer & b.integer) : (a.integer | b.integer);
  if (a.kind == Scalar::Kind::boolean && b.kind == Scalar::Kind::boolean)
    return Scalar::of_boolean(out != 0, numpy);
  return whole(out, numpy);
}

}  // namespace

NumberType number_type(ElementType type) noexcept {
  switch (type) {
    case ElementType::uint8:
      return uint8;
    case ElementType::int8:
      return int8;
    case ElementType::uint16:
      return uint16;
    case ElementType::int16:
      return int16;
    case ElementType::uint32:
      return uint32;
    case ElementType::int32:
      return int32;
    case ElementType::uint64:
      return uint64;
    case ElementType::int64:
      return int64;
    case ElementType::float32:
      return float32;
    case ElementType::float64:
      break;
  }
  return float64;
}

ElementType element_type_of(NumberType type) noexcept {
  switch (type) {
    case boolean:
    case uint8:
      return ElementType::uint8;
    case int8:
      return ElementType::int8;
    case uint16:
      return ElementType::uint16;
    case int16:
      return ElementType::int16;
    case uint32:
      return ElementType::uint32;
    case int32:
      return ElementType::int32;
    case uint64:
      return ElementType::uint64;
    case int64:
      return ElementType::int64;
    case float16:
    case float32:
      return ElementType::float32;
    case float64:
      break;
  }
  return ElementType::float64;
}

std::string_view name_of(NumberType type) noexcept { return facts_of(type).name; }

bool is_real(NumberType type) noexcept { return facts_of(type).is_real; }

NumberType promote(NumberType a, NumberType b) noexcept {
  if (a == b || b == boolean) return a;
  if (a == boolean) return b;
  if (is_real(a) != is_real(b)) {
    const NumberType real = is_real(a) ? a : b;
    const int bits = facts_of(is_real(a) ? b : a).bits;
    const NumberType holds = bits <= 8 ? float16 : bits <= 16 ? float32 : float64;
    return std::max(real, holds);
  }
  const TypeFacts& x = facts_of(a);
  const TypeFacts& y = facts_of(b);
  if (x.is_signed == y.is_signed) return x.bits > y.bits ? a : b;
  const int unsigned_bits = x.is_signed ? y.bits : x.bits;
  const int signed_bits = x.is_signed ? x.bits : y.bits;
  if (signed_bits > unsigned_bits) return x.is_signed ? a : b;
  return unsigned_bits == 64 ? float64 : signed_of(unsigned_bits * 2);
}

float to_half(float value) noexcept {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t size = bits & 0x7FFFFFFFU;
  if (size >= 0x7F800000U) return value;
  if (size < 0x38800000U) {  // below 2^-14: steps of 2^-24
    const float shift = std::copysign(0.5F, value);
    return std::copysign((value + shift) - shift, value);
  }
  const std::uint32_t rounded = (size + 0xFFFU + ((size >> 13U) & 1U)) & ~0x1FFFU;
  const std::uint32_t infinite = 0x7F800000U;
  const std::uint32_t out = rounded > 0x477FE000U ? infinite : rounded;
  return std::bit_cast<float>(out | (bits & 0x80000000U));
}

std::string_view python_name(const Scalar& value) noexcept {
  switch (value.kind) {
    case Scalar::Kind::boolean:
      return value.numpy ? "numpy.bool_" : "bool";
    case Scalar::Kind::integer:
      return value.numpy ? "numpy.int64" : "int";
    case Scalar::Kind::real:
      break;
  }
  return value.numpy ? "numpy.float64" : "float";
}

NumberType natural_type(const Scalar& value) {
  if (value.kind == Scalar::Kind::boolean) return boolean;
  if (value.kind == Scalar::Kind::real) return float64;
  if (value.integer < least_int64 || value.integer > most_uint64) throw too_large();
  return value.integer > most_int64 ? uint64 : int64;
}

NumberType promote(NumberType type, const Scalar& value) {
  const NumberType natural = natural_type(value);
  if (category(natural) > category(type)) return promote(type, natural);
  if (value.kind == Scalar::Kind::boolean) return type;
  if (value.kind == Scalar::Kind::real) return promote(type, smallest_real(value.real));
  const bool is_signed = facts_of(type).is_signed && !is_real(type);
  // A small positive number does not make a signed type wider.
  if (value.integer < 0 || (is_signed && value.integer <= most_int64))
    return promote(type, smallest_signed(value.integer));
  return promote(type, smallest_unsigned(value.integer));
}

NumberType promote_signed(NumberType type, const Scalar& value) {
  const NumberType out = promote(type, value);
  const bool is_unsigned = category(type) == 1 && !facts_of(type).is_signed;
  if (out == type || !is_unsigned || is_real(out) || facts_of(out).is_signed) return out;
  const int bits = facts_of(out).bits;
  return value.integer >> (bits - 1) == 0 ? signed_of(bits) : out;
}

Scalar unary(std::string_view op, const Scalar& a) {
  const bool flag = a.kind == Scalar::Kind::boolean && a.numpy;
  if (op == "USub") {
    if (flag)
      throw unexpected(
          "The numpy boolean negative, the `-` operator, is not supported, use the `~` "
          "operator or the logical_not function instead.");
    if (a.kind == Scalar::Kind::real) return Scalar::of_real(-a.real, a.numpy);
    return sum("Sub", whole(0, a.numpy), a, a.numpy);
  }
  if (a.kind == Scalar::Kind::real)
    throw unexpected("bad operand type for unary ~: '{}'", python_name(a));
  if (flag) return Scalar::of_boolean(!a.truth(), true);
  return whole(~a.integer, a.numpy);
}

Scalar binary(std::string_view op, const Scalar& a, const Scalar& b) {
  const bool numpy = a.numpy || b.numpy;
  const bool flags =
      numpy && a.kind == Scalar::Kind::boolean && b.kind == Scalar::Kind::boolean;
  if (op == "BitAnd" || op == "BitOr") return bitwise(op, a, b, numpy);
  if (flags && op == "Add") return Scalar::of_boolean(a.truth() || b.truth(), true);
  if (flags && op == "Mult") return Scalar::of_boolean(a.truth() && b.truth(), true);
  if (op == "Div") return quotient(a, b, numpy);
  if (op == "Mod") return modulo(a, b, numpy);
  if (op == "Pow") return power(a, b, numpy);
  return sum(op, a, b, numpy);
}

bool compare(std::string_view op, const Scalar& a, const Scalar& b) {
  const auto by = [&](const auto& x, const auto& y) {
    if (op == "Eq") return x == y;
    if (op == "NotEq") return x != y;
    if (op == "Lt") return x < y;
    if (op == "LtE") return x <= y;
    if (op == "Gt") return x > y;
    return x >= y;
  };
  if (a.kind == Scalar::Kind::real || b.kind == Scalar::Kind::real)
    return by(a.number(), b.number());
  return by(a.integer, b.integer);
}

}  // namespace terrazzo::raster::expressions
