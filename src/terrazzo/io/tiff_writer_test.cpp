#include "terrazzo/io/tiff_writer.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include "terrazzo/io/geotiff.hpp"
#include "terrazzo/io/memory_source.hpp"
#include "terrazzo/io/tiff_block.hpp"
#include "terrazzo/io/tiff_tags.hpp"

namespace terrazzo::io {
namespace {

std::vector<std::byte> block_of(std::size_t size) {
  std::vector<std::byte> block(size);
  for (std::size_t i = 0; i < size; ++i) block[i] = static_cast<std::byte>(i * 7);
  return block;
}

GeoTiff read_back(std::vector<std::byte> bytes) {
  return read_geotiff(*memory_source(std::move(bytes), "test"));
}

}  // namespace

TEST_CASE("a TIFF written in memory is read with its pixels, place and nodata") {
  const TiffLayout layout{.rows = 3,
                          .cols = 5,
                          .samples = 2,
                          .type = ElementType::int16,
                          .block_rows = 3,
                          .extra_samples = {2}};
  TiffEntries entries = layout_entries(layout);
  const Affine affine{10, 0, 500000, 0, -10, 4000000};
  entries.add(geo_entries(affine, Crs::epsg(32633)));
  entries.text(tag::gdal_nodata, nodata_text(-9999));
  const std::vector<std::vector<std::byte>> blocks{block_of(60)};
  const auto bytes = tiff_bytes(entries, blocks);
  const GeoTiff file = read_back(bytes);
  CHECK(file.info.rows == 3);
  CHECK(file.info.cols == 5);
  REQUIRE(file.info.bands.size() == 2);
  CHECK(file.info.bands[0].type == ElementType::int16);
  CHECK(file.info.bands[0].nodata == -9999);
  CHECK(file.alpha_band == 2);
  CHECK(file.info.affine == affine);
  CHECK(file.info.crs->epsg_code() == 32633);
  const auto place = file.image(0).blocks.at(0);
  CHECK(decode_block(file.image(0), file.tiff.swapped, 0,
                     std::span{bytes}.subspan(place.offset, place.size))
            .bytes == blocks[0]);
}

TEST_CASE("a rotated affine and degrees are kept") {
  TiffEntries entries = layout_entries({.rows = 1, .cols = 1, .block_rows = 1});
  const Affine affine{0.1, 0.02, 7, 0.02, -0.1, 50};
  entries.add(geo_entries(affine, Crs::wgs84()));
  const std::vector<std::vector<std::byte>> blocks{block_of(1)};
  const GeoTiff file = read_back(tiff_bytes(entries, blocks));
  CHECK(file.info.affine == affine);
  CHECK(*file.info.crs == Crs::wgs84());
}

TEST_CASE("the front has the same size wherever the blocks are, classic and big") {
  for (const bool big : {false, true}) {
    const auto front = [&](std::uint64_t offset) {
      TiffEntries entries = layout_entries(
          {.rows = 512, .cols = 512, .block_rows = 256, .block_cols = 256});
      const std::vector<std::uint64_t> offsets(4, offset);
      entries.offsets(tag::tile_offsets, offsets, big);
      entries.offsets(tag::tile_byte_counts, offsets, big);
      return tiff_front({&entries, 1}, "ghost", big);
    };
    CHECK(front(0).size() == front(100000).size());
    CHECK(read_tiff(*memory_source(front(0), "test")).images.at(0).blocks.size() == 4);
  }
}

TEST_CASE("nodata is written as GDAL reads it") {
  CHECK(nodata_text(std::nan("")) == "nan");
  CHECK(nodata_text(-32768) == "-32768");
  CHECK(nodata_text(0.1) == "0.1");
}

}  // namespace terrazzo::io
