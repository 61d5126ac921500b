#include "terrazzo/io/tiff.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "terrazzo/io/tiff_directory.hpp"
#include "terrazzo/io/tiff_tags.hpp"

namespace terrazzo::io {
namespace {

constexpr std::size_t most_images = 1024;
constexpr std::size_t most_directories = 4096;  // images or not
constexpr std::size_t most_pixels_across = std::numeric_limits<std::int32_t>::max();
constexpr std::size_t most_samples = 65535;
constexpr std::size_t strip_piece = std::size_t{1} << 20U;  // uncompressed strips

std::size_t product(std::size_t a, std::size_t b) noexcept {
  std::size_t result = 0;
  const bool over = __builtin_mul_overflow(a, b, &result);
  return over ? std::numeric_limits<std::size_t>::max() : result;
}

std::uint16_t short_of(TiffCursor& cursor, const TiffDirectory& directory,
                       tag::Number number, std::uint16_t otherwise) {
  return static_cast<std::uint16_t>(cursor.integer(directory, number, otherwise));
}

// The value that all samples have.
// Throws unsupported: they differ.
std::uint64_t common_value(TiffCursor& cursor, const TiffDirectory& directory,
                           tag::Number number, std::uint64_t otherwise,
                           std::string_view of_what) {
  const auto values = cursor.integers(directory, number, most_samples);
  if (values.empty()) return otherwise;
  for (const std::uint64_t value : values)
    if (value != values.front())
      throw failure(ErrorKind::unsupported,
                    "the bands of this TIFF differ in {}: {} and {}", of_what,
                    values.front(), value);
  return values.front();
}

SampleFormat format_of(std::uint64_t number) {
  switch (number) {
    case 1:
    case 4:  // nobody said
      return SampleFormat::unsigned_integer;
    case 2:
      return SampleFormat::signed_integer;
    case 3:
      return SampleFormat::floating;
    default:
      throw failure(ErrorKind::unsupported,
                    "the samples of this TIFF are of format {}; 1 (unsigned), 2 (signed) "
                    "and 3 (floating point) can be read",
                    number);
  }
}

void check_pixels(const TiffImage& image) {
  if (image.cols == 0 || image.rows == 0 || image.cols > most_pixels_across ||
      image.rows > most_pixels_across)
    throw failure(ErrorKind::corrupt_data,
                  "the TIFF says that it has {} x {} pixels; 1 to {} are possible",
                  image.rows, image.cols, most_pixels_across);
  if (image.samples == 0 || image.samples > most_samples)
    throw failure(ErrorKind::corrupt_data,
                  "the TIFF says that it has {} bands; 1 to {} are possible",
                  image.samples, most_samples);
}

void check_bits(std::uint64_t bits) {
  if (bits == 0 || bits > 64)
    throw failure(ErrorKind::unsupported,
                  "the samples of this TIFF have {} bits; 1 to 64 can be read", bits);
}

void check_blocks(const TiffImage& image) {
  if (image.block_cols == 0 || image.block_rows == 0 ||
      image.block_cols > most_pixels_across || image.block_rows > most_pixels_across)
    throw failure(ErrorKind::corrupt_data,
                  "the TIFF says that its blocks have {} x {} pixels", image.block_rows,
                  image.block_cols);
}

void read_size(TiffCursor& cursor, const TiffDirectory& directory, TiffImage& image) {
  image.cols = cursor.integer(directory, tag::image_width, 0);
  image.rows = cursor.integer(directory, tag::image_length, 0);
  check_pixels(image);  // of a file that is none, before more of it is read
  image.samples = cursor.integer(directory, tag::samples_per_pixel, 1);
  check_pixels(image);
}

void read_samples(TiffCursor& cursor, const TiffDirectory& directory, TiffImage& image) {
  const std::uint64_t bits =
      common_value(cursor, directory, tag::bits_per_sample, 1, "bits per sample");
  check_bits(bits);
  image.bits = static_cast<int>(bits);
  image.format =
      format_of(common_value(cursor, directory, tag::sample_format, 1, "sample format"));
  image.compression = short_of(cursor, directory, tag::compression, 1);
  image.predictor = short_of(cursor, directory, tag::predictor, 1);
  image.photometric = short_of(cursor, directory, tag::photometric, 1);
  image.fill_order = short_of(cursor, directory, tag::fill_order, 1);
  image.apart =
      image.samples > 1 && short_of(cursor, directory, tag::planar_configuration, 1) == 2;
  for (const std::uint64_t extra :
       cursor.integers(directory, tag::extra_samples, most_samples))
    image.extra_samples.push_back(static_cast<std::uint16_t>(extra));
  image.jpeg_tables = cursor.bytes(directory, tag::jpeg_tables);
  for (const std::uint64_t parameter :
       cursor.integers(directory, tag::lerc_parameters, 8))
    image.lerc.push_back(static_cast<std::uint32_t>(parameter));
}

void read_block_size(TiffCursor& cursor, const TiffDirectory& directory,
                     TiffImage& image) {
  image.tiled = directory.fields.contains(tag::tile_width);
  if (image.tiled) {
    image.block_cols = cursor.integer(directory, tag::tile_width, 0);
    image.block_rows = cursor.integer(directory, tag::tile_length, 0);
  } else {
    image.block_cols = image.cols;
    image.block_rows = std::min<std::size_t>(
        cursor.integer(directory, tag::rows_per_strip, image.rows), image.rows);
  }
  check_blocks(image);
}

std::size_t plain_size(const TiffImage& image, std::size_t block) {
  return image.shape_of(image.row_of_block(block)).bytes();
}

bool has_short_strip(const TiffImage& image) {
  bool found = false;
  std::size_t i = 0;
  image.blocks.for_each([&](const BlockPlace& strip) {
    const std::size_t whole = plain_size(image, i++);
    found = found || (strip.size != 0 && strip.size < whole);
  });
  return found;
}

// Strips that are stored as they are need not be read whole: they become several blocks.
void cut_strips(TiffImage& image) {
  const std::size_t row_bytes = image.shape_of(0).row_bytes();
  const std::size_t rows = std::max<std::size_t>(strip_piece / row_bytes, 1);
  const bool even = image.block_rows == image.rows || image.block_rows % rows == 0;
  if (image.tiled || image.compression != 1 || image.block_rows <= rows || !even) return;
  const std::size_t strips = image.blocks_down();
  if (has_short_strip(image)) return;
  BlockTable pieces;
  std::size_t i = 0;
  image.blocks.for_each([&](const BlockPlace& strip) {
    const std::size_t first = i++ % strips * image.block_rows;
    const std::size_t in_strip = std::min(image.block_rows, image.rows - first);
    for (std::size_t row = 0; row < in_strip; row += rows) {
      const std::uint64_t start = std::min<std::uint64_t>(row * row_bytes, strip.size);
      const std::uint64_t bytes = std::min(rows, in_strip - row) * row_bytes;
      pieces.append({strip.offset + start, std::min(bytes, strip.size - start)});
    }
  });
  image.blocks = std::move(pieces);
  image.block_rows = rows;
}

// The sizes that blocks stored as they are must have, where the file leaves them out or
// tells too little; as libtiff.
void complete_sizes(const TiffImage& image, std::span<const std::uint64_t> offsets,
                    std::uint64_t file_size, std::vector<std::uint64_t>& sizes) {
  const bool is_plain = image.compression == 1;
  if (sizes.size() != offsets.size() && !is_plain)
    throw failure(ErrorKind::unsupported,
                  "this TIFF does not say how many bytes its blocks have");
  sizes.resize(offsets.size(), 0);
  if (!is_plain) return;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const std::uint64_t whole = plain_size(image, i);
    const bool fits = offsets[i] <= file_size && whole <= file_size - offsets[i];
    if (offsets[i] != 0 && sizes[i] < whole && fits) sizes[i] = whole;
  }
}

void read_blocks(TiffCursor& cursor, const TiffDirectory& directory, TiffImage& image,
                 std::uint64_t file_size) {
  const std::size_t count = block_count(image);
  const auto offsets = cursor.integers(
      directory, image.tiled ? tag::tile_offsets : tag::strip_offsets, count);
  auto sizes = cursor.integers(
      directory, image.tiled ? tag::tile_byte_counts : tag::strip_byte_counts, count);
  if (offsets.size() != count)
    throw failure(ErrorKind::corrupt_data,
                  "the TIFF needs {} blocks for its size, but names only {}", count,
                  offsets.size());
  complete_sizes(image, offsets, file_size, sizes);
  for (std::size_t i = 0; i < count; ++i) {
    if (offsets[i] > file_size || sizes[i] > file_size - offsets[i])
      throw failure(ErrorKind::corrupt_data,
                    "the TIFF says that block {} has {} bytes at position {}, but the "
                    "file has {} bytes: it is truncated or damaged",
                    i, sizes[i], offsets[i], file_size);
    image.blocks.append({offsets[i], sizes[i]});
  }
}

TiffImage read_image(TiffCursor& cursor, const TiffDirectory& directory,
                     std::uint64_t file_size) {
  TiffImage image;
  image.subfile_type =
      static_cast<std::uint32_t>(cursor.integer(directory, tag::new_subfile_type, 0));
  read_size(cursor, directory, image);
  read_samples(cursor, directory, image);
  read_block_size(cursor, directory, image);
  read_blocks(cursor, directory, image, file_size);
  cut_strips(image);
  check_dimensions(image);
  return image;
}

TiffTags read_tags(TiffCursor& cursor, const TiffDirectory& directory) {
  TiffTags tags;
  for (const std::uint64_t entry : cursor.integers(directory, tag::color_map, 3U << 16U))
    tags.color_map.push_back(static_cast<std::uint16_t>(entry));
  for (const std::uint64_t key :
       cursor.integers(directory, tag::geo_key_directory, 65536))
    tags.geo_keys.push_back(static_cast<std::uint16_t>(key));
  tags.pixel_scale = cursor.reals(directory, tag::model_pixel_scale);
  tags.tie_points = cursor.reals(directory, tag::model_tie_point);
  tags.transformation = cursor.reals(directory, tag::model_transformation);
  tags.geo_doubles = cursor.reals(directory, tag::geo_double_params);
  tags.geo_text = cursor.text(directory, tag::geo_ascii_params);
  tags.metadata = cursor.text(directory, tag::gdal_metadata);
  tags.nodata = cursor.text(directory, tag::gdal_nodata);
  return tags;
}

// An image after the first: an overview, a mask or another page. What cannot be read as
// one is nobody's business.
void add_image(TiffCursor& cursor, const TiffDirectory& directory,
               std::uint64_t file_size, std::vector<TiffImage>& images) {
  try {
    images.push_back(read_image(cursor, directory, file_size));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::unsupported) throw;
  }
}

}  // namespace

void check_dimensions(const TiffImage& image) {
  check_pixels(image);
  check_bits(static_cast<std::uint64_t>(image.bits));
  check_blocks(image);
  const BlockShape shape = image.shape_of(0);
  const std::size_t sample_bytes = static_cast<std::size_t>(image.bits + 7) / 8;
  if (product(product(shape.rows, shape.cols), shape.samples * sample_bytes) >
      max_block_bytes)
    throw failure(ErrorKind::unsupported,
                  "the blocks of this TIFF, {} x {} pixels, are too large to be read",
                  image.block_rows, image.block_cols);
}

std::size_t block_count(const TiffImage& image) noexcept {
  return product(product(image.blocks_across(), image.blocks_down()),
                 image.apart ? image.samples : 1);
}

std::size_t memory_of(const TiffFile& file) {
  const TiffTags& tags = file.tags;
  std::size_t bytes =
      sizeof file + tags.metadata.size() + tags.geo_text.size() +
      (tags.tie_points.size() + tags.geo_doubles.size()) * sizeof(double) +
      (tags.color_map.size() + tags.geo_keys.size()) * 2;
  for (const TiffImage& image : file.images)
    bytes += sizeof image + image.blocks.bytes() + image.jpeg_tables.size();
  return bytes;
}

BlockShape TiffImage::shape_of(std::size_t down) const noexcept {
  BlockShape shape;
  shape.rows = tiled ? block_rows : std::min(block_rows, rows - down * block_rows);
  shape.cols = block_cols;
  shape.samples = apart ? 1 : samples;
  shape.bits = bits;
  shape.format = format;
  shape.photometric = photometric;
  shape.jpeg_tables = jpeg_tables;
  shape.lerc = lerc;
  shape.fill_order = fill_order;
  return shape;
}

TiffFile read_tiff(const ByteSource& source, const Context& context) {
  TiffCursor cursor{source, context};
  TiffFile file;
  file.swapped = cursor.swapped();
  if (cursor.first_directory() == 0)
    throw failure(ErrorKind::corrupt_data, "this TIFF has no directory: it is empty");
  TiffDirectory directory = cursor.directory(cursor.first_directory());
  file.images.push_back(read_image(cursor, directory, source.size()));
  file.tags = read_tags(cursor, directory);
  for (const std::uint64_t child : cursor.integers(directory, tag::sub_ifds, most_images))
    add_image(cursor, cursor.directory(child), source.size(), file.images);
  for (std::size_t passed = 1; directory.next != 0 && passed < most_directories &&
                               file.images.size() < most_images;
       ++passed) {
    directory = cursor.directory(directory.next);
    add_image(cursor, directory, source.size(), file.images);
  }
  file.bytes = memory_of(file);
  return file;
}

}  // namespace terrazzo::io
