#include <algorithm>
#include <cmath>
#include <limits>

#include "terrazzo/raster/expression_kernels.hpp"

namespace terrazzo::raster::expressions {
namespace {

using Byte = std::uint8_t;

template <NumberType from, NumberType to>
void cast(std::span<const Source> in, const Block& out, std::size_t) {
  using From = StoredType<from>;
  using To = StoredType<to>;
  each(
      [](From a) {
        if constexpr (to == NumberType::boolean)
          return static_cast<Byte>(a != 0);
        else
          return rounded<to>(a);
      },
      values_of<To>(out), values_of<From>(in[0]));
  std::copy_n(in[0].valid, block_size, out.valid);
}

template <NumberType from>
Kernel cast_from(NumberType to) {
  return with_number_type(to, [](auto tag) -> Kernel {
    // Nothing turns reals into integers.
    if constexpr (from >= NumberType::float16 && tag.value < NumberType::float16 &&
                  tag.value != NumberType::boolean)
      return nullptr;
    else
      return cast<from, tag.value>;
  });
}

// These only move elements, so one for each size will do.
template <class Move>
Kernel by_size(NumberType type, Move move) {
  switch (size_of(element_type_of(type))) {
    case 1:
      return move(std::uint8_t{});
    case 2:
      return move(std::uint16_t{});
    case 4:
      return move(std::uint32_t{});
    default:
      return move(std::uint64_t{});
  }
}

template <class T>
void where(std::span<const Source> in, const Block& out, std::size_t) {
  const Byte* condition = values_of<Byte>(in[0]);
  Byte chosen[block_size];
  both_valid(condition, in[0].valid, chosen);
  choose(chosen, values_of<T>(in[1]), values_of<T>(in[2]), values_of<T>(out));
  choose(condition, in[1].valid, in[2].valid, chosen);
  both_valid(chosen, in[0].valid, out.valid);
}

template <class T, bool known_only>
void mask(std::span<const Source> in, const Block& out, std::size_t) {
  Byte keep[block_size];
  each(
      [](Byte condition, Byte known) {
        return static_cast<Byte>((condition ^ 1U) & (known_only ? known : 1U));
      },
      keep, values_of<Byte>(in[0]), in[0].valid);
  std::copy_n(values_of<T>(in[1]), block_size, values_of<T>(out));
  both_valid(in[1].valid, keep, out.valid);
}

void get_mask(std::span<const Source> in, const Block& out, std::size_t) {
  each([](Byte valid) { return static_cast<Byte>(valid ^ 1U); }, values_of<Byte>(out),
       in[0].valid);
  std::fill_n(out.valid, block_size, Byte{1});
}

template <NumberType type>
void is_invalid(std::span<const Source> in, const Block& out, std::size_t) {
  using T = StoredType<type>;
  if constexpr (std::is_floating_point_v<T>) {
    T flags[block_size];
    each([](T a) { return std::abs(a) <= std::numeric_limits<T>::max() ? T{0} : T{1}; },
         flags, values_of<T>(in[0]));
    narrow(flags, values_of<Byte>(out));
  } else {
    std::fill_n(values_of<Byte>(out), block_size, Byte{0});
  }
  std::copy_n(in[0].valid, block_size, out.valid);
}

template <class T>
void restore(std::span<const Source> in, const Block& out, std::size_t) {
  choose(in[0].valid, values_of<T>(in[0]), values_of<T>(in[1]), values_of<T>(out));
  std::copy_n(in[0].valid, block_size, out.valid);
}

template <bool equal>
void restore_equal(std::span<const Source> in, const Block& out, std::size_t) {
  Byte same[block_size];
  each([](Byte a, Byte b) { return static_cast<Byte>(equal == (a == b)); }, same,
       in[1].valid, in[2].valid);
  choose(in[0].valid, values_of<Byte>(in[0]), same, values_of<Byte>(out));
  std::copy_n(in[0].valid, block_size, out.valid);
}

}  // namespace

Kernel cast_kernel(NumberType from, NumberType to) {
  return with_number_type(from,
                          [&](auto tag) -> Kernel { return cast_from<tag.value>(to); });
}

Kernel where_kernel(NumberType type) {
  return by_size(type, [](auto one) -> Kernel { return where<decltype(one)>; });
}

Kernel masked_where_kernel(NumberType type) {
  return by_size(type, [](auto one) -> Kernel { return mask<decltype(one), true>; });
}

Kernel set_mask_kernel(NumberType type) {
  return by_size(type, [](auto one) -> Kernel { return mask<decltype(one), false>; });
}

Kernel get_mask_kernel() { return get_mask; }

Kernel is_invalid_kernel(NumberType type) {
  return with_number_type(type, [](auto tag) -> Kernel { return is_invalid<tag.value>; });
}

Kernel restore_kernel(NumberType type) {
  return by_size(type, [](auto one) -> Kernel { return restore<decltype(one)>; });
}

Kernel restore_equal_kernel(std::string_view op) {
  return op == "Eq" ? restore_equal<true> : restore_equal<false>;
}

}  // namespace terrazzo::raster::expressions
