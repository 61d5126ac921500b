#include "terrazzo/io/nodata.hpp"

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>

namespace terrazzo::io {
namespace {

// Empty if no value of T is the band's nodata.
template <class T>
std::optional<T> nodata_as(const BandInfo& band) {
  if (!band.nodata) return std::nullopt;
  if constexpr (std::is_integral_v<T> && sizeof(T) == 8)
    if (band.nodata_bits) return static_cast<T>(*band.nodata_bits);
  const double value = *band.nodata;
  if constexpr (std::is_integral_v<T>) {
    // The limits as powers of two: doubles hold those exactly.
    const double beyond = std::ldexp(1.0, std::numeric_limits<T>::digits);
    const double least = std::is_signed_v<T> ? -beyond : 0;
    const bool fits = value >= least && value < beyond && value == std::trunc(value);
    return fits ? std::optional{static_cast<T>(value)} : std::nullopt;
  } else {
    const bool fits = std::abs(value) <= std::numeric_limits<T>::max();
    return fits ? std::optional{static_cast<T>(value)} : std::nullopt;
  }
}

// Values that are missing are not valid. In pieces of one fixed length and loops that
// keep the width of their numbers, which compilers turn into SIMD.
template <class T>
void hide(std::span<const T> values, T missing, std::span<std::uint8_t> valid) {
  constexpr std::size_t piece = 64;
  std::array<T, piece> there;
  std::array<std::uint8_t, piece> bytes;
  std::size_t done = 0;
  for (; done + piece <= values.size(); done += piece) {
    std::memcpy(there.data(), &values[done], sizeof(there));
    std::memcpy(bytes.data(), &valid[done], piece);
    for (T& value : there) value = value == missing ? T{0} : T{1};
    for (std::size_t i = 0; i < piece; ++i)
      bytes[i] =
          static_cast<std::uint8_t>(bytes[i] & static_cast<std::uint8_t>(there[i]));
    std::memcpy(&valid[done], bytes.data(), piece);
  }
  for (; done < values.size(); ++done)
    if (values[done] == missing) valid[done] = 0;
}

}  // namespace

bool type_holds(ElementType type, double value) {
  return with_type(type, [value]<class T>(T) {
    if constexpr (std::is_same_v<T, double>) return true;
    if (!std::isfinite(value)) return std::is_floating_point_v<T>;
    // 2^digits is exact, where the greatest 64 bit integer is not.
    const double above = std::ldexp(1.0, std::numeric_limits<T>::digits);
    if constexpr (std::is_floating_point_v<T>)
      return std::abs(value) <= static_cast<double>(std::numeric_limits<T>::max());
    else
      return value >= static_cast<double>(std::numeric_limits<T>::min()) && value < above;
  });
}

void mask_nodata(ElementType type, std::span<const std::byte> bytes,
                 std::span<std::uint8_t> valid, const BandInfo& band) {
  with_type(type, [&]<class T>(T) {
    const auto* values = reinterpret_cast<const T*>(bytes.data());
    if constexpr (std::is_floating_point_v<T>)
      for (std::size_t i = 0; i < valid.size(); ++i)
        if (!std::isfinite(values[i])) valid[i] = 0;
    const std::optional<T> missing = nodata_as<T>(band);
    if (missing) hide<T>(std::span{values, valid.size()}, *missing, valid);
  });
}

void mask_nodata(Image& image, const BandInfo& band) {
  mask_nodata(image.type(), image.bytes().first(image.pixels() * size_of(image.type())),
              image.valid(), band);
}

}  // namespace terrazzo::io
