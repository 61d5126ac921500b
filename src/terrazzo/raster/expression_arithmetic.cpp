#include <algorithm>
#include <cmath>
#include <limits>

#include "terrazzo/raster/expression_kernels.hpp"

namespace terrazzo::raster::expressions {
namespace {

// Unsigned and at least 32 bits: what wraps there wraps as numpy does.
template <class T>
using Wide = std::conditional_t<(sizeof(T) < 4), std::uint32_t, std::make_unsigned_t<T>>;

template <class T>
constexpr bool is_integer = std::is_integral_v<T>;

struct Add {
  template <class T>
  static T apply(T a, T b) {
    if constexpr (is_integer<T>)
      return static_cast<T>(static_cast<Wide<T>>(a) + static_cast<Wide<T>>(b));
    else
      return a + b;
  }
};

struct Sub {
  template <class T>
  static T apply(T a, T b) {
    if constexpr (is_integer<T>)
      return static_cast<T>(static_cast<Wide<T>>(a) - static_cast<Wide<T>>(b));
    else
      return a - b;
  }
};

struct Mult {
  template <class T>
  static T apply(T a, T b) {
    if constexpr (is_integer<T>)
      return static_cast<T>(static_cast<Wide<T>>(a) * static_cast<Wide<T>>(b));
    else
      return a * b;
  }
};

struct Div {
  template <class T>
  static T apply(T a, T b) {
    return a / b;
  }
};

struct And {
  template <class T>
  static T apply(T a, T b) {
    return static_cast<T>(a & b);
  }
};

struct Or {
  template <class T>
  static T apply(T a, T b) {
    return static_cast<T>(a | b);
  }
};

// NaN if either is.
struct Minimum {
  template <class T>
  static T apply(T a, T b) {
    return a < b || a != a ? a : b;
  }
};

struct Maximum {
  template <class T>
  static T apply(T a, T b) {
    return a > b || a != a ? a : b;
  }
};

// The sign of the divisor; integers: 0 for a divisor of 0.
struct Mod {
  template <class T>
  static T apply(T a, T b) {
    if constexpr (!is_integer<T>) {
      const T left = std::fmod(a, b);
      if (left == 0) return b == 0 ? left : std::copysign(T{0}, b);
      return (b < 0) != (left < 0) ? left + b : left;
    } else if constexpr (std::is_signed_v<T>) {
      if (b == 0 || b == -1) return 0;
      const auto left = static_cast<T>(a % b);
      return left != 0 && (b < 0) != (left < 0) ? static_cast<T>(left + b) : left;
    } else {
      return b == 0 ? T{0} : static_cast<T>(a % b);
    }
  }
};

struct Pow {
  template <class T>
  static T apply(T a, T b) {
    if constexpr (!is_integer<T>) {
      return b == 2 ? a * a : std::pow(a, b);
    } else {
      if constexpr (std::is_signed_v<T>)
        if (b < 0)
          throw unexpected("Integers to negative integer powers are not allowed.");
      Wide<T> out = 1;
      Wide<T> base = static_cast<Wide<T>>(a);
      for (auto exponent = static_cast<Wide<T>>(b); exponent != 0; exponent >>= 1U) {
        if ((exponent & 1U) != 0) out *= base;
        base *= base;
      }
      return static_cast<T>(out);
    }
  }
};

template <class Op, NumberType type>
void plain(std::span<const Source> in, const Block& out, std::size_t) {
  using T = StoredType<type>;
  each([](T a, T b) { return rounded<type>(Op::apply(a, b)); }, values_of<T>(out),
       values_of<T>(in[0]), values_of<T>(in[1]));
  both_valid(in[0].valid, in[1].valid, out.valid);
}

// For operations that are slow or may throw: only the pixels in use.
template <class Op, NumberType type>
void counted(std::span<const Source> in, const Block& out, std::size_t count) {
  using T = StoredType<type>;
  const T* a = values_of<T>(in[0]);
  const T* b = values_of<T>(in[1]);
  T* to = values_of<T>(out);
  for (std::size_t i = 0; i < count; ++i) to[i] = rounded<type>(Op::apply(a[i], b[i]));
  both_valid(in[0].valid, in[1].valid, out.valid);
}

// numpy.ma calls a divisor too small at |a| * tolerance >= |b|.
template <class T>
constexpr T tolerance = std::is_same_v<T, double> ? std::numeric_limits<T>::min() : T{0};

template <NumberType type>
void masked_divide(std::span<const Source> in, const Block& out, std::size_t) {
  using T = StoredType<type>;
  const T* a = values_of<T>(in[0]);
  const T* b = values_of<T>(in[1]);
  T* to = values_of<T>(out);
  each([](T x, T y) { return rounded<type>(x / y); }, to, a, b);
  T usable[block_size];  // 1 where numpy.ma takes a quotient for valid, else 0
  each(
      [](T quotient, T x, T y) {
        const T large = std::abs(x) * tolerance<T> >= std::abs(y) ? T{0} : T{1};
        return std::abs(quotient) <= std::numeric_limits<T>::max() ? large : T{0};
      },
      usable, to, a, b);
  both_valid(in[0].valid, in[1].valid, out.valid);
  restrict_valid(usable, out.valid);
}

template <NumberType type>
void masked_mod(std::span<const Source> in, const Block& out, std::size_t count) {
  using T = StoredType<type>;
  counted<Mod, type>(in, out, count);
  const T* a = values_of<T>(in[0]);
  const T* b = values_of<T>(in[1]);
  T* to = values_of<T>(out);
  for (std::size_t i = 0; i < count; ++i) {
    bool small = b[i] == 0;
    if constexpr (!is_integer<T>) small = std::abs(a[i]) * tolerance<T> >= std::abs(b[i]);
    if (!small) continue;
    to[i] = 1;
    out.valid[i] = 0;
  }
}

// Under masks: the base; 1e20 where the result was not finite.
template <NumberType type>
void masked_power(std::span<const Source> in, const Block& out, std::size_t count) {
  using T = StoredType<type>;
  counted<Pow, type>(in, out, count);
  if constexpr (!is_integer<T>) {
    const T* a = values_of<T>(in[0]);
    T* to = values_of<T>(out);
    for (std::size_t i = 0; i < count; ++i) {
      if (out.valid[i] == 0) to[i] = a[i];
      if (std::isfinite(to[i])) continue;
      to[i] = rounded<type>(1e20F);
      out.valid[i] = 0;
    }
  }
}

template <NumberType type>
Kernel division(std::string_view op, bool masked) {
  if (op == "Div") {
    if constexpr (std::is_floating_point_v<StoredType<type>>)
      return masked ? masked_divide<type> : plain<Div, type>;
  } else if constexpr (type != NumberType::boolean) {
    if (op == "Mod") return masked ? masked_mod<type> : counted<Mod, type>;
    if (op == "Pow") return masked ? masked_power<type> : counted<Pow, type>;
  }
  return nullptr;
}

template <NumberType type>
Kernel arithmetic(std::string_view op, bool masked) {
  constexpr bool flags = type == NumberType::boolean;
  if (op == "Add") return plain<std::conditional_t<flags, Or, Add>, type>;
  if (op == "Mult") return plain<std::conditional_t<flags, And, Mult>, type>;
  if (op == "minimum") return plain<Minimum, type>;
  if (op == "maximum") return plain<Maximum, type>;
  if constexpr (!flags)
    if (op == "Sub") return plain<Sub, type>;
  if constexpr (is_integer<StoredType<type>>) {
    if (op == "BitAnd") return plain<And, type>;
    if (op == "BitOr") return plain<Or, type>;
  }
  return division<type>(op, masked);
}

template <class Op, NumberType type>
void comparison(std::span<const Source> in, const Block& out, std::size_t) {
  using T = StoredType<type>;
  T flags[block_size];
  each([](T a, T b) { return Op{}(a, b) ? T{1} : T{0}; }, flags, values_of<T>(in[0]),
       values_of<T>(in[1]));
  narrow(flags, values_of<std::uint8_t>(out));
  both_valid(in[0].valid, in[1].valid, out.valid);
}

template <NumberType type>
Kernel comparison_of(std::string_view op) {
  if (op == "Eq") return comparison<std::equal_to<>, type>;
  if (op == "NotEq") return comparison<std::not_equal_to<>, type>;
  if (op == "Lt") return comparison<std::less<>, type>;
  if (op == "LtE") return comparison<std::less_equal<>, type>;
  if (op == "Gt") return comparison<std::greater<>, type>;
  return comparison<std::greater_equal<>, type>;
}

}  // namespace

Kernel arithmetic_kernel(std::string_view op, NumberType type, bool masked) {
  return with_number_type(
      type, [&](auto tag) -> Kernel { return arithmetic<tag.value>(op, masked); });
}

Kernel compare_kernel(std::string_view op, NumberType type) {
  return with_number_type(
      type, [&](auto tag) -> Kernel { return comparison_of<tag.value>(op); });
}

}  // namespace terrazzo::raster::expressions
