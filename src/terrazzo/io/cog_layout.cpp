#include "terrazzo/io/cog_layout.hpp"

#include <array>

#include <fmt/format.h>

#include "terrazzo/io/tiff_tags.hpp"

namespace terrazzo::io {
namespace {

constexpr std::uint16_t rgb = 2;
constexpr std::uint16_t transparency_mask = 4;
constexpr std::uint16_t ycbcr = 6;
constexpr std::uint16_t deflate = 8;
constexpr std::uint32_t reduced_image = 1;
constexpr std::uint32_t mask_image = 4;

SampleFormat format_of(ElementType type) {
  return with_type(type, []<class T>(T) {
    if constexpr (std::is_floating_point_v<T>) return SampleFormat::floating;
    return std::is_signed_v<T> ? SampleFormat::signed_integer
                               : SampleFormat::unsigned_integer;
  });
}

std::uint32_t subfile_type(std::size_t number, std::uint32_t kind) {
  return (number == 0 ? 0 : reduced_image) | kind;
}

TiffLayout layout_of(const StripShape& level, const BlockFormat& format) {
  return {.rows = level.rows,
          .cols = level.cols,
          .samples = level.samples,
          .type = level.type,
          .block_rows = format.side,
          .block_cols = format.side};
}

}  // namespace

BlockShape block_shape(const StripShape& shape, const CogTags& tags,
                       const BlockFormat& format) {
  BlockShape block;
  block.rows = format.side;
  block.cols = format.side;
  block.samples = shape.samples;
  block.bits = static_cast<int>(size_of(shape.type) * 8);
  block.format = format_of(shape.type);
  const bool colors = tags.photometric == rgb && shape.samples == 3;
  block.photometric = colors && format.encoder->name == "JPEG" ? ycbcr : tags.photometric;
  return block;
}

TiffEntries image_entries(const StripShape& level, const CogTags& tags,
                          const BlockFormat& format, std::size_t number) {
  TiffLayout layout = layout_of(level, format);
  layout.compression = format.encoder->number;
  layout.predictor = static_cast<std::uint16_t>(format.predictor);
  layout.photometric = format.shape.photometric;
  layout.extra_samples = tags.extra_samples;
  layout.subfile_type = subfile_type(number, 0);
  TiffEntries entries = layout_entries(layout);
  if (format.encoder->tables != nullptr)
    entries.bytes(tag::jpeg_tables, format.encoder->tables(format.shape, format.effort));
  if (format.encoder->name == "LERC")
    entries.longs(tag::lerc_parameters,
                  std::array<std::uint32_t, 2>{4, format.effort.lerc_added});
  if (layout.photometric == ycbcr) {
    entries.shorts(tag::ycbcr_subsampling, std::array<std::uint16_t, 2>{2, 2});
    entries.rationals(tag::reference_black_white,
                      std::array{0U, 255U, 128U, 255U, 128U, 255U});
  }
  if (number == 0) {
    entries.add(tags.carried);
    return entries;
  }
  for (const std::uint16_t tag :
       {std::uint16_t{tag::gdal_nodata}, std::uint16_t{tag::color_map}})
    if (const auto found = tags.carried.all().find(tag);
        found != tags.carried.all().end())
      entries.put(tag, found->second);
  return entries;
}

TiffEntries mask_entries(const StripShape& level, const BlockFormat& format,
                         std::size_t number) {
  TiffLayout layout = layout_of(level, format);
  layout.samples = 1;
  layout.type = ElementType::uint8;
  layout.bits = 1;
  layout.compression = deflate;
  layout.photometric = transparency_mask;
  layout.subfile_type = subfile_type(number, mask_image);
  return layout_entries(layout);
}

std::string ghost_text(bool masked) {
  std::string text =
      "LAYOUT=IFDS_BEFORE_DATA\n"
      "BLOCK_ORDER=ROW_MAJOR\n"
      "BLOCK_LEADER=SIZE_AS_UINT4\n"
      "BLOCK_TRAILER=LAST_4_BYTES_REPEATED\n"
      "KNOWN_INCOMPATIBLE_EDITION=NO\n ";  // room for YES
  if (masked) text += "MASK_INTERLEAVED_WITH_IMAGERY=YES\n";
  return fmt::format("GDAL_STRUCTURAL_METADATA_SIZE={:06} bytes\n{}", text.size(), text);
}

}  // namespace terrazzo::io
