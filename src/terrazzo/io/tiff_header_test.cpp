#include "terrazzo/io/tiff_header.hpp"

#include <doctest/doctest.h>

#include <random>

#include "support/thrown.hpp"
#include "support/tiled_tiff.hpp"
#include "terrazzo/io/geotiff.hpp"
#include "terrazzo/io/memory_source.hpp"

using namespace terrazzo;
using namespace terrazzo::io;
using terrazzo::testing::kind_of;
using terrazzo::testing::TiffBuilder;
using terrazzo::testing::TiledTiff;

namespace {

using Bytes = std::vector<std::byte>;

TiffHeader header_of(const Bytes& file) {
  return {"pinned", file.size(), read_tiff(*memory_source(file, "test"))};
}

Bytes any_file() {
  return built(TiledTiff{.side = 256,
                         .block = 32,
                         .levels = 3,
                         .more = {{42112, TiffBuilder::ascii, {'<', 'a', '/', '>', 0}},
                                  {42113, TiffBuilder::ascii, {'7', 0}},
                                  {347, TiffBuilder::byte, {1, 2, 3}}}})
      .bytes;
}

}  // namespace

TEST_CASE("directories that were packed say what they said before") {
  const TiffHeader before = header_of(any_file());
  const TiffHeader after = unpacked(packed(before));
  CHECK(after.pin == before.pin);
  CHECK(after.file_size == before.file_size);
  CHECK(after.file.swapped == before.file.swapped);
  REQUIRE(after.file.images.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    const TiffImage& a = after.file.images[i];
    const TiffImage& b = before.file.images[i];
    CHECK(a.rows == b.rows);
    CHECK(a.block_cols == b.block_cols);
    CHECK(a.compression == b.compression);
    CHECK(a.jpeg_tables == b.jpeg_tables);
    CHECK(a.is_reduced() == (i > 0));
    REQUIRE(a.blocks.size() == b.blocks.size());
    for (std::size_t k = 0; k < a.blocks.size(); ++k)
      CHECK(a.blocks.at(k) == b.blocks.at(k));
  }
  CHECK(after.file.tags.metadata == "<a/>");
  const GeoTiff place = geotiff_of(after.file);
  CHECK(place.info.affine == geotiff_of(before.file).info.affine);
  CHECK(*place.info.crs == Crs::web_mercator());
  CHECK(place.info.bands.at(0).nodata == 7);
  CHECK(packed(before).size() < 700);  // 84 blocks
}

TEST_CASE("a packed header that was damaged is not used") {
  const Bytes good = packed(header_of(any_file()));
  for (std::size_t at = 0; at < good.size(); ++at) {
    Bytes bytes = good;
    bytes[at] ^= std::byte{0x10};
    CHECK(kind_of([&] { unpacked(bytes); }) == ErrorKind::corrupt_data);
    CHECK(kind_of([&] { unpacked(std::span{good}.first(at)); }) ==
          ErrorKind::corrupt_data);
  }
}

TEST_CASE("a packed header that lies about its image is refused") {
  const auto refusal = [](const std::function<void(TiffHeader&)>& change) {
    TiffHeader header = header_of(any_file());
    change(header);
    return kind_of([&] { unpacked(packed(header)); });
  };
  CHECK(refusal([](TiffHeader& h) { h.file_size = 1000; }) == ErrorKind::corrupt_data);
  CHECK(refusal([](TiffHeader& h) { h.file.images[0].rows = 0; }) ==
        ErrorKind::corrupt_data);
  CHECK(refusal([](TiffHeader& h) { h.file.images[0].rows = 512; }) ==
        ErrorKind::corrupt_data);  // more blocks than there are
  CHECK(refusal([](TiffHeader& h) { h.file.images[0].block_cols = 0; }) ==
        ErrorKind::corrupt_data);
  CHECK(refusal([](TiffHeader& h) { h.file.images[0].bits = 65; }) ==
        ErrorKind::unsupported);
  CHECK(refusal([](TiffHeader& h) { h.file.images[0].tiled = false; }) ==
        ErrorKind::corrupt_data);
  CHECK(refusal([](TiffHeader& h) { h.file.images.clear(); }) == ErrorKind::corrupt_data);
}
