#pragma once
// Pixels: bands x rows x cols of one element type with a validity mask.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace terrazzo {

enum class ElementType : std::uint8_t {
  uint8,
  int8,
  uint16,
  int16,
  uint32,
  int32,
  uint64,
  int64,
  float32,
  float64,
};

std::size_t size_of(ElementType type) noexcept;       // bytes of one element
std::string_view name_of(ElementType type) noexcept;  // "uint16", as numpy says it

template <class T>
constexpr ElementType element_type() noexcept;

// Calls f(T{}) with T the C++ type of `type`.
template <class F>
decltype(auto) with_type(ElementType type, F&& f);

class Image {
 public:
  // All values zero, all pixels valid.
  // Throws too_large: bands x rows x cols elements pass 2^40 bytes.
  Image(ElementType type, std::size_t bands, std::size_t rows, std::size_t cols);

  ElementType type() const noexcept { return type_; }
  std::size_t bands() const noexcept { return bands_; }
  std::size_t rows() const noexcept { return rows_; }
  std::size_t cols() const noexcept { return cols_; }
  std::size_t pixels() const noexcept { return rows_ * cols_; }

  // rows x cols elements of one band, row by row. T must be the C++ type of type().
  template <class T>
  std::span<T> values(std::size_t band = 0) noexcept {
    return {reinterpret_cast<T*>(bytes_.data()) + band * pixels(), pixels()};
  }
  template <class T>
  std::span<const T> values(std::size_t band = 0) const noexcept {
    return {reinterpret_cast<const T*>(bytes_.data()) + band * pixels(), pixels()};
  }
  std::span<std::byte> bytes() noexcept { return bytes_; }
  std::span<const std::byte> bytes() const noexcept { return bytes_; }

  // rows x cols; 1 is valid, 0 is no data; the same for all bands.
  std::span<std::uint8_t> valid() noexcept { return valid_; }
  std::span<const std::uint8_t> valid() const noexcept { return valid_; }

 private:
  ElementType type_;
  std::size_t bands_;
  std::size_t rows_;
  std::size_t cols_;
  std::vector<std::byte> bytes_;
  std::vector<std::uint8_t> valid_;
};

template <class T>
constexpr ElementType element_type() noexcept {
  using enum ElementType;
  if constexpr (std::is_same_v<T, std::uint8_t>)
    return uint8;
  else if constexpr (std::is_same_v<T, std::int8_t>)
    return int8;
  else if constexpr (std::is_same_v<T, std::uint16_t>)
    return uint16;
  else if constexpr (std::is_same_v<T, std::int16_t>)
    return int16;
  else if constexpr (std::is_same_v<T, std::uint32_t>)
    return uint32;
  else if constexpr (std::is_same_v<T, std::int32_t>)
    return int32;
  else if constexpr (std::is_same_v<T, std::uint64_t>)
    return uint64;
  else if constexpr (std::is_same_v<T, std::int64_t>)
    return int64;
  else if constexpr (std::is_same_v<T, float>)
    return float32;
  else
    return float64;
}

template <class F>
decltype(auto) with_type(ElementType type, F&& f) {
  switch (type) {
    case ElementType::uint8:
      return f(std::uint8_t{});
    case ElementType::int8:
      return f(std::int8_t{});
    case ElementType::uint16:
      return f(std::uint16_t{});
    case ElementType::int16:
      return f(std::int16_t{});
    case ElementType::uint32:
      return f(std::uint32_t{});
    case ElementType::int32:
      return f(std::int32_t{});
    case ElementType::uint64:
      return f(std::uint64_t{});
    case ElementType::int64:
      return f(std::int64_t{});
    case ElementType::float32:
      return f(float{});
    case ElementType::float64:
      break;
  }
  return f(double{});
}

}  // namespace terrazzo
