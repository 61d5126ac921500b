#include <algorithm>
#include <cmath>
#include <limits>

#include "terrazzo/raster/expression_kernels.hpp"

namespace terrazzo::raster::expressions {
namespace {

template <class T>
using Function = T (*)(T);
template <class T>
using Outside = bool (*)(T);

template <class T>
bool nowhere(T) {
  return false;
}
template <class T>
bool negative(T x) {
  return x < 0;
}
template <class T>
bool not_positive(T x) {
  return x <= 0;
}
template <class T>
bool below_one(T x) {
  return x < 1;
}
template <class T>
bool beyond_one(T x) {
  return x > 1 || x < -1;
}
// numpy.ma's limits, in the precision of the type.
template <class T>
bool near_one(T x) {
  constexpr T limit = static_cast<T>(1 - 1e-15);
  return x > limit || x < -limit;
}
template <class T>
bool at_pole(T x) {
  return std::abs(std::cos(x)) < static_cast<T>(1e-35);
}

// A function of numpy.ma: where it is undefined and what stands there under the mask.
template <class T>
struct Entry {
  std::string_view name;
  Function<T> function;
  Outside<T> outside = nowhere<T>;
  T fill = 0;
};

template <class T>
constexpr Entry<T> functions[] = {
    {"sqrt", [](T x) { return std::sqrt(x); }, negative<T>, 0},
    {"log", [](T x) { return std::log(x); }, not_positive<T>, 1},
    {"log10", [](T x) { return std::log10(x); }, not_positive<T>, 1},
    {"exp", [](T x) { return std::exp(x); }},
    {"sin", [](T x) { return std::sin(x); }},
    {"cos", [](T x) { return std::cos(x); }},
    {"tan", [](T x) { return std::tan(x); }, at_pole<T>, 0},
    {"sinh", [](T x) { return std::sinh(x); }},
    {"cosh", [](T x) { return std::cosh(x); }},
    {"tanh", [](T x) { return std::tanh(x); }},
    {"arcsin", [](T x) { return std::asin(x); }, beyond_one<T>, 0},
    {"arccos", [](T x) { return std::acos(x); }, beyond_one<T>, 0},
    {"arctan", [](T x) { return std::atan(x); }},
    {"arcsinh", [](T x) { return std::asinh(x); }},
    {"arccosh", [](T x) { return std::acosh(x); }, below_one<T>, 1},
    {"arctanh", [](T x) { return std::atanh(x); }, near_one<T>, 0},
};

template <NumberType type, std::size_t index, bool masked>
void evaluate(std::span<const Source> in, const Block& out, std::size_t count) {
  using T = StoredType<type>;
  constexpr const Entry<T>& entry = functions<T>[index];
  const T* a = values_of<T>(in[0]);
  T* to = values_of<T>(out);
  std::copy_n(in[0].valid, block_size, out.valid);
  for (std::size_t i = 0; i < count; ++i) to[i] = rounded<type>(entry.function(a[i]));
  if constexpr (masked && entry.outside != nowhere<T>) {
    for (std::size_t i = 0; i < count; ++i) {
      const bool inside = !entry.outside(a[i]);
      out.valid[i] = static_cast<std::uint8_t>(out.valid[i] & inside);
      if (out.valid[i] == 0) to[i] = entry.fill;
    }
  }
}

template <NumberType type, std::size_t... index>
Kernel find(std::string_view name, bool masked, std::index_sequence<index...>) {
  Kernel found = nullptr;
  const auto look = [&]<std::size_t i>() {
    if (functions<StoredType<type>>[i].name == name)
      found = masked ? evaluate<type, i, true> : evaluate<type, i, false>;
  };
  (look.template operator()<index>(), ...);
  return found;
}

template <class Op, NumberType type>
void plain(std::span<const Source> in, const Block& out, std::size_t) {
  using T = StoredType<type>;
  each([](T a) { return Op::apply(a); }, values_of<T>(out), values_of<T>(in[0]));
  std::copy_n(in[0].valid, block_size, out.valid);
}

struct Negative {
  template <class T>
  static T apply(T a) {
    if constexpr (std::is_floating_point_v<T>)
      return -a;
    else
      return static_cast<T>(0U - static_cast<std::make_unsigned_t<T>>(a));
  }
};

struct Absolute {
  template <class T>
  static T apply(T a) {
    if constexpr (std::is_floating_point_v<T>)
      return std::abs(a);
    else if constexpr (std::is_signed_v<T>)
      return a < 0 ? Negative::apply(a) : a;
    else
      return a;
  }
};

struct Complement {
  template <class T>
  static T apply(T a) {
    return static_cast<T>(~a);
  }
};

struct Not {
  static std::uint8_t apply(std::uint8_t a) { return a ^ 1U; }
};

template <NumberType type>
Kernel unary_of(std::string_view op) {
  if (op == "abs") return plain<Absolute, type>;
  if constexpr (type == NumberType::boolean)
    return op == "Invert" ? plain<Not, type> : nullptr;
  else if constexpr (std::is_integral_v<StoredType<type>>)
    return op == "Invert" ? plain<Complement, type> : plain<Negative, type>;
  else
    return op == "Invert" ? nullptr : plain<Negative, type>;
}

}  // namespace

Kernel function_kernel(std::string_view name, NumberType type, bool masked) {
  constexpr auto all = std::make_index_sequence<std::size(functions<double>)>{};
  if (type == NumberType::float16) return find<NumberType::float16>(name, masked, all);
  if (type == NumberType::float32) return find<NumberType::float32>(name, masked, all);
  return find<NumberType::float64>(name, masked, all);
}

Kernel unary_kernel(std::string_view op, NumberType type) {
  return with_number_type(type,
                          [&](auto tag) -> Kernel { return unary_of<tag.value>(op); });
}

}  // namespace terrazzo::raster::expressions
