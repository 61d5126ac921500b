#pragma once
// Which samples count when pixels are reduced, and how their means are rounded.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>

#include "terrazzo/raster/reduce.hpp"

namespace terrazzo::raster {

// Holds the sum of four T.
template <class T>
using SumOf = std::conditional_t<
    std::is_floating_point_v<T>, double,
    std::conditional_t<
        sizeof(T) == 1, std::int16_t,
        std::conditional_t<sizeof(T) == 2, std::int32_t,
                           std::conditional_t<sizeof(T) == 4, std::int64_t, __int128>>>>;

// Halves are rounded up.
template <class T>
T mean_of(SumOf<T> sum, int count) {
  if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(sum / count);
  } else {
    using Wide = std::conditional_t<sizeof(T) < 4, std::int32_t, SumOf<T>>;
    const Wide twice = Wide{sum} * 2 + count;
    const Wide step = 2 * count;
    const Wide rest = twice % step;
    return static_cast<T>((twice - (rest < 0 ? rest + step : rest)) / step);
  }
}

// Of the sums of two columns of two.
template <class T>
T mean_of_four(SumOf<T> left, SumOf<T> right) {
  if constexpr (std::is_floating_point_v<T>)
    return static_cast<T>((left + right) * 0.25);
  else
    return static_cast<T>((left + right + 2) >> 2);
}

// The nearest T; halves are rounded up.
template <class T>
T rounded(double value) {
  if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(value);
  } else {
    constexpr auto low = static_cast<double>(std::numeric_limits<T>::min());
    constexpr auto high = static_cast<double>(std::numeric_limits<T>::max());
    const double whole = std::floor(value + 0.5);
    if (whole <= low) return std::numeric_limits<T>::min();
    if (whole >= high) return std::numeric_limits<T>::max();
    return static_cast<T>(whole);
  }
}

template <class T>
class SampleRule {
 public:
  explicit SampleRule(const PixelRows& image) : alpha_(image.alpha) {
    if (!image.nodata || !holds(*image.nodata)) return;
    has_nodata_ = true;
    hides_nodata_ = !image.masked;
    nodata_ = static_cast<T>(*image.nodata);
  }

  // Of samples that are not NaN.
  bool only_masks_hide() const noexcept { return !alpha_ && !hides_nodata_; }
  bool has_nodata() const noexcept { return has_nodata_; }
  T fill() const noexcept { return has_nodata_ ? nodata_ : T{}; }

  bool shows(const T* pixel, std::span<const std::uint8_t> valid, std::size_t at) const {
    if (!valid.empty() && valid[at] == 0) return false;
    return !alpha_ || pixel[*alpha_] != T{};
  }

  bool counts(T value, bool shown, std::size_t sample) const {
    if (alpha_ && sample == *alpha_) return true;
    if (!shown || is_nan(value)) return false;
    return !hides_nodata_ || !(value == nodata_);
  }

  // A value beside nodata where it would be nodata.
  T kept_apart(T value) const {
    if (!has_nodata_ || !(value == nodata_)) return value;
    if constexpr (std::is_floating_point_v<T>)
      return std::nextafter(value, std::numeric_limits<T>::infinity());
    else
      return static_cast<T>(value == std::numeric_limits<T>::max() ? value - 1
                                                                   : value + 1);
  }

 private:
  static bool is_nan(T value) {
    if constexpr (std::is_floating_point_v<T>) return std::isnan(value);
    return false;
  }
  static bool holds(double value) {
    if constexpr (std::is_floating_point_v<T>) return true;
    return value >= static_cast<double>(std::numeric_limits<T>::min()) &&
           value <= static_cast<double>(std::numeric_limits<T>::max()) &&
           value == std::floor(value) && value < 9.2e18;
  }

  std::optional<std::size_t> alpha_;
  bool has_nodata_ = false;
  bool hides_nodata_ = false;
  T nodata_{};
};

}  // namespace terrazzo::raster
