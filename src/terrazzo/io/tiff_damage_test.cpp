// Files that are damaged, replaced or lost: an error or a hole, never other pixels.

#include <doctest/doctest.h>
#include <zlib.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "support/blocks.hpp"
#include "support/loopback_server.hpp"
#include "support/scratch_folder.hpp"
#include "support/stderr.hpp"
#include "support/thrown.hpp"
#include "support/tiled_tiff.hpp"
#include "terrazzo/io/tiff_opener.hpp"

using namespace terrazzo;
using namespace terrazzo::io;
using terrazzo::testing::BuiltTiff;
using terrazzo::testing::kind_of;
using terrazzo::testing::LoopbackServer;
using terrazzo::testing::ScratchFolder;
using terrazzo::testing::SeenRequest;
using terrazzo::testing::TiffBuilder;
using terrazzo::testing::TiledTiff;

namespace {

using TileBytes = TiledTiff::Bytes;

constexpr std::uint16_t deflate = 8;

TileBytes deflated(const TileBytes& tile) {
  TileBytes out(compressBound(tile.size()));
  uLongf size = out.size();
  REQUIRE(compress(out.data(), &size, tile.data(), tile.size()) == Z_OK);
  out.resize(size);
  return out;
}

// 64 x 64 pixels of one metre in four tiles.
TiledTiff four_tiles() { return {.side = 64, .block = 32, .box = {0, 0, 64, 64}}; }

TiledTiff four_deflated_tiles() {
  TiledTiff tiff = four_tiles();
  tiff.compression = deflate;
  tiff.compress = deflated;
  return tiff;
}

void write(const std::string& path, const std::string& bytes) {
  std::ofstream{path, std::ios::binary} << bytes;
}

std::optional<Image> picture(const Raster& raster, std::size_t* holes) {
  return raster.read_warped({.box = {0, 0, 64, 64},
                             .rows = 64,
                             .cols = 64,
                             .resampling = Resampling::nearest,
                             .reprojection = Resampling::nearest,
                             .holes = holes});
}

// Whether each pixel is the one of `tiff`, or not valid if it lies in a hole.
bool is_right_but_for(const Image& image, const TiledTiff& tiff,
                      const std::vector<std::size_t>& hole_tiles) {
  for (std::size_t row = 0; row < 64; ++row)
    for (std::size_t col = 0; col < 64; ++col) {
      const std::size_t at = row * 64 + col;
      const bool hole = std::ranges::count(hole_tiles, row / 32 * 2 + col / 32) != 0;
      if (hole ? image.valid()[at] != 0
               : image.valid()[at] != 1 ||
                     image.values<std::uint8_t>()[at] != tiff.pixel(row, col))
        return false;
    }
  return true;
}

// What a picture of a file of these bytes shows.
struct Shown {
  std::optional<ErrorKind> error{};
  std::size_t holes = 0;
  std::optional<Image> image{};
};

Shown seen_in(const std::string& bytes) {
  const ScratchFolder folder;
  write(folder / "a.tif", bytes);
  Shown result;
  try {
    const auto raster = tiff_opener()->open(folder / "a.tif");
    result.image = picture(*raster, &result.holes);
  } catch (const Error& error) {
    result.error = error.kind();
  }
  return result;
}

std::string text_of(const TiffBuilder& builder) {
  return {reinterpret_cast<const char*>(builder.bytes().data()), builder.bytes().size()};
}

// One strip of `side` x `side` bytes of 7, stored as they are; its directory says
// `count`.
std::string one_strip(double side, double count, std::size_t stored) {
  TiffBuilder tiff;
  const auto at = static_cast<double>(tiff.data(TileBytes(stored, 7)));
  using enum TiffBuilder::Type;
  tiff.directory({{256, uint32, {side}},
                  {257, uint32, {side}},
                  {258, uint16, {8}},
                  {259, uint16, {1}},
                  {273, uint32, {at}},
                  {277, uint16, {1}},
                  {278, uint32, {side}},
                  {279, uint32, {count}}});
  return text_of(tiff);
}

Image whole(const std::string& bytes) {
  const ScratchFolder folder;
  write(folder / "a.tif", bytes);
  const auto raster = tiff_opener()->open(folder / "a.tif");
  const RasterInfo& info = raster->info();
  return raster->read({0, 0, info.cols, info.rows}, info.rows, info.cols);
}

std::string with_tile(BuiltTiff file, std::size_t tile, char filler) {
  std::string bytes = file.text();
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(file.offsets[tile]),
              file.sizes[tile], filler);
  return bytes;
}

}  // namespace

TEST_CASE("a damaged block is a hole in a picture and an error in statistics") {
  const ScratchFolder folder;
  const TiledTiff tiff = four_deflated_tiles();
  write(folder / "a.tif", with_tile(built(tiff), 2, 'x'));
  const auto raster = tiff_opener()->open(folder / "a.tif");
  std::size_t holes = 0;
  const auto image = picture(*raster, &holes);
  REQUIRE(image);
  CHECK(holes == 1);
  CHECK(is_right_but_for(*image, tiff, {2}));

  CHECK(kind_of([&] { picture(*raster, nullptr); }) == ErrorKind::corrupt_data);
  CHECK(kind_of([&] { raster->read({0, 0, 64, 64}, 64, 64); }) ==
        ErrorKind::corrupt_data);
  CHECK_NOTHROW(raster->read({0, 0, 64, 32}, 32, 64));  // elsewhere it is whole
}

TEST_CASE("a damaged block is told once") {
  const ScratchFolder folder;
  write(folder / "a.tif", with_tile(built(four_deflated_tiles()), 1, 'x'));
  const auto opener = tiff_opener();
  const std::string log = testing::stderr_of([&] {
    for (int i = 0; i < 3; ++i) {
      std::size_t holes = 0;
      picture(*opener->open(folder / "a.tif"), &holes);
      CHECK(holes == 1);
    }
  });
  CAPTURE(log);
  CHECK(
      log.find("a block of a raster file cannot be decoded file=a.tif image=0 block=1") !=
      std::string::npos);
  CHECK(std::ranges::count(log, '\n') == 1);
}

TEST_CASE("what came damaged over the network is asked for again, not kept") {
  const TiledTiff tiff = four_deflated_tiles();
  const std::string good = built(tiff).text() + std::string(40'000, '.');
  BuiltTiff file = built(tiff);
  const std::string bad = with_tile(file, 3, 'x') + std::string(40'000, '.');
  std::atomic<bool> damaged{true};
  const LoopbackServer server{[&](const SeenRequest& request) {
    return testing::file_answer(request, damaged ? bad : good);
  }};
  // Tiles that the head brings along are the file's own as long as it is open.
  const auto opener = tiff_opener();
  std::size_t holes = 0;
  picture(*opener->open(server.url("/a.tif")), &holes);
  CHECK(holes == 1);
  damaged = false;
  holes = 0;
  const auto image = picture(*tiff_opener()->open(server.url("/a.tif")), &holes);
  CHECK(holes == 0);
  CHECK(is_right_but_for(*image, tiff, {}));
}

TEST_CASE("no flipped bit of a block shows a pixel that was not written") {
  const TiledTiff tiff = four_deflated_tiles();
  const BuiltTiff file = built(tiff);
  for (std::size_t bit = 0; bit < file.sizes[0] * 8; ++bit) {
    std::string bytes = file.text();
    bytes[file.offsets[0] + bit / 8] ^= static_cast<char>(1U << bit % 8);
    const Shown result = seen_in(bytes);
    CAPTURE(bit);
    REQUIRE(result.image);
    CHECK(result.holes <= 1);
    CHECK(is_right_but_for(
        *result.image, tiff,
        result.holes == 1 ? std::vector<std::size_t>{0} : std::vector<std::size_t>{}));
  }
}

TEST_CASE("a file cut within its blocks is told as truncated") {
  const BuiltTiff file = built(four_deflated_tiles());
  for (const std::size_t size : {file.bytes.size() - 1, file.offsets[3] + 1,
                                 file.offsets[3], file.offsets[1], file.offsets[0]}) {
    CAPTURE(size);
    CHECK(seen_in(file.text().substr(0, size)).error == ErrorKind::corrupt_data);
  }
}

TEST_CASE("a strip stored as it is has the bytes of its pixels, whatever is said") {
  for (const double side : {20.0, 2000.0})
    for (const double count : {0.0, 5.0, side * side}) {
      const auto pixels = static_cast<std::size_t>(side * side);
      const Image image = whole(one_strip(side, count, pixels));
      CHECK(std::ranges::count(image.bytes(), std::byte{7}) ==
            static_cast<std::ptrdiff_t>(pixels));
    }
}

TEST_CASE("pixels that a strip does not hold are damage, not zeros") {
  for (const double side : {20.0, 2000.0})
    CHECK(kind_of([&] { whole(one_strip(side, 100, 100)); }) == ErrorKind::corrupt_data);
  CHECK(kind_of([] { whole(one_strip(2000, 1'048'000, 1'048'000)); }) ==
        ErrorKind::corrupt_data);
  CHECK(kind_of([] { whole(one_strip(300'000, 33'000, 33'000)); }) ==
        ErrorKind::unsupported);
}

TEST_CASE("a block that would burst the memory is held to the size of its pixels") {
  TiledTiff tiff = four_deflated_tiles();
  tiff.compress = [](const TileBytes&) { return deflated(TileBytes(64U << 20U, 0)); };
  const Shown bomb = seen_in(built(tiff).text());
  REQUIRE(bomb.image);
  CHECK((bomb.holes == 4 || bomb.image->values<std::uint8_t>()[0] == 0));

  tiff.compress = [](const TileBytes&) { return TileBytes(2U << 20U, 'x'); };
  CHECK(seen_in(built(tiff).text()).holes == 4);
}

TEST_CASE("a block without the JPEG tables that it needs is a hole") {
  TiledTiff tiff = four_tiles();
  tiff.compression = 7;
  tiff.compress = [](const TileBytes&) {
    return TileBytes{0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 0, 32, 0, 32, 1, 1, 0x11, 0,
                     0xFF, 0xDA, 0,    8,    1, 1,  0, 0, 63, 0, 1,  2, 3, 0xFF, 0xD9};
  };
  CHECK(seen_in(built(tiff).text()).holes == 4);
  tiff.more = {{347, TiffBuilder::byte, {1, 2, 3, 4}}};
  CHECK(seen_in(built(tiff).text()).holes == 4);
}

TEST_CASE("blocks may share their bytes") {
  using enum TiffBuilder::Type;
  TiledTiff tiff = four_tiles();
  tiff.pixel = [](std::size_t, std::size_t) { return std::uint8_t{9}; };
  TiffBuilder builder;
  const double pixels =
      static_cast<double>(builder.data(std::vector<std::uint8_t>(32 * 32, 9)));
  builder.directory({{256, uint32, {64}},
                     {257, uint32, {64}},
                     {258, uint16, {8}},
                     {259, uint16, {1}},
                     {277, uint16, {1}},
                     {322, uint32, {32}},
                     {323, uint32, {32}},
                     {324, uint32, {pixels, pixels, pixels, pixels}},
                     {325, uint32, {1024, 1024, 1024, 1024}},
                     {33550, float64, {1, 1, 0}},
                     {33922, float64, {0, 0, 0, 0, 64, 0}},
                     {34735, uint16, {1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 3857}}});
  const Shown result = seen_in(text_of(builder));
  REQUIRE(result.image);
  CHECK(is_right_but_for(*result.image, tiff, {}));
}

TEST_CASE("a mask of another size than the raster hides nothing") {
  using enum TiffBuilder::Type;
  TiffBuilder builder;
  builder.image(64, 64,
                {{33550, float64, {1, 1, 0}},
                 {33922, float64, {0, 0, 0, 0, 64, 0}},
                 {34735, uint16, {1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 3857}}});
  builder.image(128, 128, {{254, uint32, {4}}});
  const Shown result = seen_in(text_of(builder));
  REQUIRE(result.image);
  CHECK(std::ranges::count(result.image->valid(), 1) == 64 * 64);
}

TEST_CASE("blocks of one pixel are read") {
  TiledTiff tiff = four_tiles();
  tiff.block = 1;
  const Shown result = seen_in(built(tiff).text());
  REQUIRE(result.image);
  CHECK(is_right_but_for(*result.image, tiff, {}));
}

TEST_CASE("a file that is deleted while it is open shows what it held") {
  const ScratchFolder folder;
  const TiledTiff tiff = four_tiles();
  write(folder / "a.tif", built(tiff).text());
  const auto opener = tiff_opener();
  const auto raster = opener->open(folder / "a.tif");
  std::filesystem::remove(folder / "a.tif");
  std::size_t holes = 0;
  const auto image = picture(*raster, &holes);
  REQUIRE(image);
  CHECK(is_right_but_for(*image, tiff, {}));
  CHECK(kind_of([&] { opener->open(folder / "a.tif"); }) == ErrorKind::not_found);
}

TEST_CASE("a file that is written to while it is open is read anew") {
  const ScratchFolder folder;
  const std::string path = folder / "a.tif";
  TiledTiff tiff = four_tiles();
  write(path, built(tiff).text());
  const auto opener = tiff_opener();
  const auto raster = opener->open(path);
  tiff.pixel = [](std::size_t row, std::size_t) {
    return static_cast<std::uint8_t>(row + 100);
  };
  write(path, built(tiff).text());
  std::filesystem::last_write_time(
      path, std::filesystem::last_write_time(path) + std::chrono::hours{1});
  std::size_t holes = 0;
  const auto image = picture(*raster, &holes);
  REQUIRE(image);
  CHECK(is_right_but_for(*image, tiff, {}));
  CHECK(kind_of([&] { raster->read({0, 0, 64, 64}, 64, 64); }) == ErrorKind::conflict);

  std::filesystem::resize_file(path, built(tiff).offsets[1]);
  CHECK(kind_of([&] { picture(*raster, &holes); }) == ErrorKind::corrupt_data);
  std::filesystem::remove(path);
  CHECK(kind_of([&] { opener->open(path); }) == ErrorKind::not_found);
}

TEST_CASE("an object that is replaced shows the new one, never parts of both") {
  TiledTiff old = four_tiles();
  TiledTiff fresh = four_tiles();
  fresh.pixel = [](std::size_t row, std::size_t col) {
    return static_cast<std::uint8_t>(200 - row / 8 - col / 8);
  };
  // The pixels lie behind what the first request brings.
  old.more = fresh.more = {{65000, TiffBuilder::byte, std::vector<double>(40'000, 0)}};
  const std::string before = built(old).text();
  const std::string after = built(fresh).text();
  std::atomic<bool> replaced{false};
  const LoopbackServer server{[&](const SeenRequest& request) {
    return replaced ? testing::file_answer(request, after, "\"v2\"")
                    : testing::file_answer(request, before, "\"v1\"");
  }};
  const auto opener = tiff_opener();
  const auto raster = opener->open(server.url("/a.tif"));
  replaced = true;
  std::size_t holes = 0;
  const auto image = picture(*raster, &holes);
  REQUIRE(image);
  CHECK(is_right_but_for(*image, fresh, {}));
  CHECK(
      is_right_but_for(*picture(*opener->open(server.url("/a.tif")), &holes), fresh, {}));
}

TEST_CASE("many who open an object at once ask for its header once") {
  const std::string file = built(four_tiles()).text();
  std::atomic<int> waiting{0};
  const LoopbackServer server{[&](const SeenRequest& request) {
    while (waiting < 8) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
    return testing::file_answer(request, file);
  }};
  const auto opener = tiff_opener();
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      ++waiting;
      opener->open(server.url("/a.tif"));
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(server.seen().size() == 1);
}
