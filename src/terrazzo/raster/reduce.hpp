#pragma once
// Overviews: rows of pixels reduced to half their number, as they come from above.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "terrazzo/data/image.hpp"

namespace terrazzo::raster {

enum class Reduction : std::uint8_t { average, nearest, bilinear, cubic };

// The image that is reduced: `samples` elements for each pixel, side by side.
struct PixelRows {
  ElementType type = ElementType::uint8;
  std::size_t samples = 1;
  std::size_t rows = 0;
  std::size_t cols = 0;
  bool masked = false;                 // rows come with a mask
  std::optional<double> nodata{};      // what hidden samples are set to; 0 without
  std::optional<std::size_t> alpha{};  // the sample that hides pixels where it is 0
};

// Hidden pixels (by mask or alpha), NaN and, if there is no mask, nodata have no weight.
// What is left without any weight is nodata; other values are never made equal to it. A
// pixel of the mask stays if one of its pixels did.
// One thread. Memory: a few rows.
class RowReducer {
 public:
  // The reduced row, and its mask if there is one. The spans are good during the call.
  using Out = std::function<void(std::span<const std::byte> row,
                                 std::span<const std::uint8_t> valid)>;

  virtual ~RowReducer() = default;
  // row: cols x samples elements. valid: of cols pixels, 0 is hidden; empty: all valid.
  virtual void add(std::span<const std::byte> row, std::span<const std::uint8_t> valid,
                   const Out& out) = 0;
};

// Half, rounded down, at least 1: as GDAL's COG driver has it.
constexpr std::size_t reduced(std::size_t size) noexcept {
  return size < 2 ? 1 : size / 2;
}

// Reduces to reduced(rows) x reduced(cols). Even sizes are averaged 2 x 2; others by the
// parts of pixels that a larger one covers.
std::unique_ptr<RowReducer> row_reducer(const PixelRows& image, Reduction how);

}  // namespace terrazzo::raster
