#include "terrazzo/formats/cog_tags.hpp"

#include <algorithm>
#include <array>
#include <atomic>

#include "terrazzo/formats/gdal_library.hpp"
#include "terrazzo/formats/gdal_session.hpp"
#include "terrazzo/io/memory_source.hpp"
#include "terrazzo/io/tiff_directory.hpp"
#include "terrazzo/io/tiff_tags.hpp"

namespace terrazzo::formats {
namespace {

// They describe the pixels of the small file.
constexpr std::array<std::uint16_t, 23> structural{
    io::tag::new_subfile_type,     io::tag::image_width,
    io::tag::image_length,         io::tag::bits_per_sample,
    io::tag::compression,          io::tag::photometric,
    io::tag::fill_order,           io::tag::strip_offsets,
    io::tag::orientation,          io::tag::samples_per_pixel,
    io::tag::rows_per_strip,       io::tag::strip_byte_counts,
    io::tag::planar_configuration, io::tag::predictor,
    io::tag::tile_width,           io::tag::tile_length,
    io::tag::tile_offsets,         io::tag::tile_byte_counts,
    io::tag::extra_samples,        io::tag::sample_format,
    io::tag::jpeg_tables,          io::tag::ycbcr_subsampling,
    io::tag::reference_black_white};

// The first pixel of the dataset as a GeoTIFF in memory.
std::vector<std::byte> one_pixel(GDALDatasetH dataset, const std::string& name) {
  static std::atomic<unsigned> count = 0;
  const std::string path = fmt::format("/vsimem/terrazzo-tags-{}.tif", ++count);
  GdalWords words{"-of", "GTiff", "-srcwin", "0", "0", "1", "1", "-mask", "none"};
  if (GDALGetRasterDataType(GDALGetRasterBand(dataset, 1)) == GDT_Byte)
    for (const char* word : {"-co", "NBITS=8"})  // a colour table as long as bytes need
      words.add(word);
  const GdalErrors errors;
  GDALTranslateOptions* options = GDALTranslateOptionsNew(words.list(), nullptr);
  const bool done =
      DatasetPtr{GDALTranslate(path.c_str(), dataset, options, nullptr)} != nullptr;
  GDALTranslateOptionsFree(options);
  vsi_l_offset size = 0;
  GByte* bytes = done ? VSIGetMemFileBuffer(path.c_str(), &size, TRUE) : nullptr;
  if (bytes == nullptr)
    throw errors.explain(
        failure(ErrorKind::unsupported, "'{}' cannot be copied to a GeoTIFF", name));
  const auto* first = reinterpret_cast<const std::byte*>(bytes);
  std::vector<std::byte> copy{first, first + size};
  VSIFree(bytes);
  return copy;
}

}  // namespace

io::CogTags cog_tags(void* dataset, const std::string& name) {
  const auto file = io::memory_source(one_pixel(dataset, name), "tags");
  const Context context;
  io::TiffCursor cursor{*file, context};
  const io::TiffDirectory directory = cursor.directory(cursor.first_directory());
  io::CogTags tags;
  tags.photometric =
      static_cast<std::uint16_t>(cursor.integer(directory, io::tag::photometric, 1));
  for (const std::uint64_t extra :
       cursor.integers(directory, io::tag::extra_samples, 65535))
    tags.extra_samples.push_back(static_cast<std::uint16_t>(extra));
  for (const auto& [tag, field] : directory.fields)
    if (std::ranges::find(structural, tag) == structural.end())
      tags.carried.put(tag, {field.type, field.count, cursor.bytes(directory, tag)});
  return tags;
}

}  // namespace terrazzo::formats
