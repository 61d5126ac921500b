#include <algorithm>
#include <array>
#include <limits>

#include "terrazzo/io/picture_format.hpp"
#include "terrazzo/io/tiff_tags.hpp"
#include "terrazzo/io/tiff_writer.hpp"

namespace terrazzo::io {
namespace {

constexpr std::array<std::string_view, 1> aliases{"tiff"};
constexpr std::size_t strip_rows = 256;

// Holds every number of the bands up to 2^53, and NaN.
ElementType real_type(std::span<const Image* const> bands) {
  const ElementType type = common_type(bands);
  const bool is_small = type == ElementType::float32 || size_of(type) <= 2;
  return is_small ? ElementType::float32 : ElementType::float64;
}

// Rows of one band into every `samples`-th place from `first` on; NaN where there is
// nothing.
template <class To>
void put_rows(const Image& band, std::size_t first_row, std::span<To> strip,
              std::size_t first, std::size_t samples) {
  const std::size_t begin = first_row * band.cols();
  with_type(band.type(), [&]<class From>(From) {
    const auto from = band.values<From>();
    for (std::size_t i = 0; i < strip.size() / samples; ++i)
      strip[i * samples + first] = band.valid()[begin + i] != 0
                                       ? static_cast<To>(from[begin + i])
                                       : std::numeric_limits<To>::quiet_NaN();
  });
}

template <class To>
std::vector<std::vector<std::byte>> strips_of(std::span<const Image* const> bands) {
  const Image& first = *bands.front();
  std::vector<std::vector<std::byte>> strips;
  for (std::size_t row = 0; row < first.rows(); row += strip_rows) {
    const std::size_t rows = std::min(strip_rows, first.rows() - row);
    std::vector<To> strip(rows * first.cols() * bands.size());
    for (std::size_t i = 0; i < bands.size(); ++i)
      put_rows<To>(*bands[i], row, strip, i, bands.size());
    const auto bytes = std::as_bytes(std::span{strip});
    strips.emplace_back(bytes.begin(), bytes.end());
  }
  return strips;
}

Affine affine_of(const Box& box, const Image& image) {
  return {box.width() / static_cast<double>(image.cols()),   0,        box.west, 0,
          -box.height() / static_cast<double>(image.rows()), box.north};
}

std::string write(const Values& values) {
  const Image& first = *values.bands.front();
  const std::size_t bands = values.bands.size();
  const ElementType type = real_type(values.bands);
  TiffLayout layout{.rows = first.rows(),
                    .cols = first.cols(),
                    .samples = bands,
                    .type = type,
                    .block_rows = strip_rows};
  layout.extra_samples.assign(bands - 1, 0);
  TiffEntries entries = layout_entries(layout);
  entries.add(geo_entries(affine_of(values.box, first), Crs::web_mercator()));
  entries.text(tag::gdal_nodata, nodata_text(std::numeric_limits<double>::quiet_NaN()));
  const auto file =
      tiff_bytes(entries, type == ElementType::float32 ? strips_of<float>(values.bands)
                                                       : strips_of<double>(values.bands));
  return {reinterpret_cast<const char*>(file.data()), file.size()};
}

}  // namespace

extern const PictureFormat picture_format_tif;
const PictureFormat picture_format_tif{
    .name = "tif",
    .aliases = aliases,
    .type = "image/tiff; application=geotiff",
    .summary = "Values as they are, a GeoTIFF of real numbers: NaN where there are none.",
    .write = write};

}  // namespace terrazzo::io
