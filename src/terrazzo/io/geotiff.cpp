#include "terrazzo/io/geotiff.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

#include "terrazzo/base/text.hpp"
#include "terrazzo/io/nodata.hpp"

namespace terrazzo::io {
namespace {

constexpr std::uint16_t palette = 3;
constexpr std::uint16_t separated = 5;  // CMYK: GDAL makes RGBA of it
constexpr std::uint16_t ycbcr = 6;
constexpr std::uint16_t first_lab = 8;  // CIELab and its kin, LogL, LogLuv
constexpr std::uint16_t last_lab = 10;
constexpr std::uint16_t log_l = 32844;
constexpr std::uint16_t log_luv = 32845;
constexpr std::uint16_t associated_alpha = 1;
constexpr std::uint16_t unassociated_alpha = 2;

bool same_size(const TiffImage& a, const TiffImage& b) {
  return a.rows == b.rows && a.cols == b.cols;
}

void set_exactly(BandInfo& band, double nodata, std::uint64_t bits) {
  band.nodata = nodata;
  band.nodata_bits = bits;
}

// A number as GDAL reads it: leading digits count, "1.#QNAN" and its kin are Windows'
// NaN. Empty: the text does not begin with a number.
std::optional<double> number_of(std::string text) {
  std::replace(text.begin(), text.end(), ',', '.');
  if (text.starts_with("1.#QNAN") || text.starts_with("-1.#QNAN") ||
      text.starts_with("1.#IND") || text.starts_with("-1.#IND"))
    return std::numeric_limits<double>::quiet_NaN();
  if (text.starts_with("1.#INF")) return std::numeric_limits<double>::infinity();
  if (text.starts_with("-1.#INF")) return -std::numeric_limits<double>::infinity();
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (end == text.c_str()) return std::nullopt;
  return value;
}

// GDAL_NODATA as GDAL reads it; a value the type cannot hold masks nothing.
void read_nodata(const std::string& text, BandInfo& band) {
  const std::string number{trimmed(text)};
  if (number.empty()) return;
  if (band.type == ElementType::int64) {
    const std::int64_t value = std::strtoll(number.c_str(), nullptr, 10);
    return set_exactly(band, static_cast<double>(value),
                       static_cast<std::uint64_t>(value));
  }
  if (band.type == ElementType::uint64) {
    const std::uint64_t value = std::strtoull(number.c_str(), nullptr, 10);
    return set_exactly(band, static_cast<double>(value), value);
  }
  auto value = number_of(number);
  if (!value) return;
  // The greatest float, written with too few digits, is meant.
  constexpr double most = std::numeric_limits<float>::max();
  if (band.type == ElementType::float32 &&
      std::abs(std::abs(*value) - most) < 1e-7 * most)
    value = std::copysign(most, *value);
  if (type_holds(band.type, *value)) band.nodata = value;
}

std::vector<Color> colors_of(const std::vector<std::uint16_t>& map) {
  const std::size_t count = map.size() / 3;
  const auto most = map.empty() ? 0 : *std::max_element(map.begin(), map.end());
  const int step = most < 256 ? 1 : 257;  // some writers forget that they are 16 bit
  const auto part = [&](std::size_t i) {
    return static_cast<std::uint8_t>(map[i] / step);
  };
  std::vector<Color> colors(count);
  for (std::size_t i = 0; i < count; ++i)
    colors[i] = {part(i), part(count + i), part(2 * count + i), 255};
  return colors;
}

// A single bit is black or white, for GDAL by a colour table.
std::vector<Color> two_colors(bool zero_is_white) {
  const Color black{0, 0, 0, 255};
  const Color white{255, 255, 255, 255};
  if (zero_is_white) return {white, black};
  return {black, white};
}

// As GDAL names it.
std::string compression_of(const TiffImage& image) {
  if (image.compression == 1) return "";
  const std::string name{find_codec(image.compression)->name};
  if (name == "JPEG" && image.photometric == ycbcr) return "YCbCr " + name;
  const std::uint32_t added = image.lerc.size() > 1 ? image.lerc[1] : 0;
  if (added == 1) return name + "_DEFLATE";
  if (added == 2) return name + "_ZSTD";
  return name;
}

int alpha_band_of(const TiffImage& image) {
  const std::size_t extra = image.extra_samples.size();
  if (extra > image.samples) return 0;
  for (std::size_t i = 0; i < extra; ++i)
    if (image.extra_samples[i] == associated_alpha ||
        image.extra_samples[i] == unassociated_alpha)
      return static_cast<int>(image.samples - extra + i + 1);
  return 0;
}

// Throws unsupported: blocks of this image are left to others.
void check_readable(const TiffImage& image) {
  const CodecKind* codec = find_codec(image.compression);
  if (codec == nullptr)
    throw failure(ErrorKind::unsupported, "TIFF compression {} cannot be read",
                  image.compression);
  const std::uint16_t colors = image.photometric;
  if (colors == separated || (colors >= first_lab && colors <= last_lab) ||
      colors == log_l || colors == log_luv)
    throw failure(ErrorKind::unsupported, "colours of TIFF photometric {} cannot be read",
                  colors);
  if (colors == ycbcr && !codec->decodes_samples)
    throw failure(ErrorKind::unsupported,
                  "YCbCr pixels can only be read from JPEG or WEBP, not from {}",
                  codec->name);
  if (image.predictor < 1 || image.predictor > 3)
    throw failure(ErrorKind::unsupported, "TIFF predictor {} is not known",
                  image.predictor);
  element_type_of(image);
}

bool is_readable(const TiffImage& image) {
  try {
    check_readable(image);
    return true;
  } catch (const Error&) {
    return false;
  }
}

bool is_mask_readable(const TiffImage& image) {
  return is_readable(image) && element_type_of(image) == ElementType::uint8;
}

// Throws unsupported: the first image has a mask, which only others can read.
void check_mask(const std::vector<TiffImage>& images) {
  for (const TiffImage& image : images) {
    if (!image.is_mask() || !same_size(image, images.front())) continue;
    check_readable(image);
    if (!is_mask_readable(image))
      throw failure(ErrorKind::unsupported, "a mask of {} bits cannot be read",
                    image.bits);
  }
}

// Overviews and masks belong to the first image if they can be its own.
void find_levels(GeoTiff& file) {
  const auto& images = file.tiff.images;
  const TiffImage& first = images.front();
  file.levels.push_back({.image = 0});
  for (std::size_t i = 1; i < images.size(); ++i) {
    const TiffImage& other = images[i];
    if (other.is_reduced() && !other.is_mask() && other.samples == first.samples &&
        other.rows <= first.rows && other.cols <= first.cols && is_readable(other) &&
        element_type_of(other) == element_type_of(first))
      file.levels.push_back({.image = i});
  }
  std::stable_sort(file.levels.begin() + 1, file.levels.end(), [&](auto& a, auto& b) {
    return images[a.image].cols > images[b.image].cols;
  });
  for (GeoTiffLevel& level : file.levels)
    for (std::size_t i = 1; i < images.size() && !level.mask; ++i)
      if (images[i].is_mask() && same_size(images[i], images[level.image]) &&
          is_mask_readable(images[i]))
        level.mask = i;
  // Without the mask of its own size a level would show what is masked.
  if (!file.levels.front().mask) return;
  file.mask_samples = static_cast<int>(file.mask(0)->samples);
  std::erase_if(file.levels, [](const GeoTiffLevel& level) { return !level.mask; });
}

void read_bands(GeoTiff& file) {
  const TiffImage& first = file.image(0);
  const TiffTags& tags = file.tiff.tags;
  const ElementType type = element_type_of(first);
  file.info.bands.assign(first.samples, BandInfo{.type = type});
  for (BandInfo& band : file.info.bands) read_nodata(tags.nodata, band);
  if (first.photometric == palette && first.samples <= 2 && first.bits <= 16)
    file.info.bands.front().color_table = colors_of(tags.color_map);
  if (first.samples == 1 && first.bits == 1 && first.photometric <= 1)
    file.info.bands.front().color_table = two_colors(first.photometric == 0);
  read_band_metadata(tags.metadata, file.info.bands);
  file.alpha_band = alpha_band_of(first);
}

}  // namespace

ElementType element_type_of(const TiffImage& image) {
  using enum ElementType;
  const int bits = image.bits;
  if (image.format == SampleFormat::floating) {
    if (bits == 16 || bits == 32) return float32;
    if (bits == 64) return float64;
  } else if (image.format == SampleFormat::signed_integer) {
    if (bits == 8) return int8;
    if (bits == 16) return int16;
    if (bits == 32) return int32;
    if (bits == 64) return int64;
  } else {
    if (bits <= 8) return uint8;
    if (bits <= 16) return uint16;
    if (bits == 32) return uint32;
    if (bits == 64) return uint64;
  }
  throw failure(ErrorKind::unsupported, "samples of {} bits of this kind cannot be read",
                bits);
}

GeoTiff read_geotiff(const ByteSource& source, const Context& context) {
  return geotiff_of(read_tiff(source, context));
}

GeoTiff geotiff_of(TiffFile tiff) {
  GeoTiff file;
  file.tiff = std::move(tiff);
  check_readable(file.tiff.images.front());
  check_mask(file.tiff.images);
  find_levels(file);
  read_bands(file);

  const TiffImage& first = file.image(0);
  RasterInfo& info = file.info;
  info.rows = first.rows;
  info.cols = first.cols;
  if (const auto affine = affine_of(file.tiff.tags)) {
    info.affine = *affine;
    info.crs = crs_of(file.tiff.tags);
  }
  info.has_mask = file.mask_samples != 0 || file.alpha_band != 0;
  info.block_rows = first.block_rows;
  info.block_cols = first.block_cols;
  for (std::size_t level = 1; level < file.levels.size(); ++level) {
    const auto factor =
        static_cast<double>(first.cols) / static_cast<double>(file.image(level).cols);
    info.overviews.push_back(static_cast<std::size_t>(std::lround(factor)));
  }
  info.format = "GTiff";
  info.compression = compression_of(first);
  return file;
}

}  // namespace terrazzo::io
