// Tiles without GDAL: this program is linked with the layers below and beside formats
// only.

#include <png.h>
#include <stdio.h>
#include <stdlib.h>

#include <array>
#include <fstream>

#include <doctest/doctest.h>

#include "support/loopback_server.hpp"
#include "support/scratch_folder.hpp"
#include "support/tiled_tiff.hpp"
#include "terrazzo/http/app.hpp"
#include "terrazzo/io/store.hpp"
#include "terrazzo/io/tiff_opener.hpp"

using namespace terrazzo;
using terrazzo::testing::LoopbackServer;
using terrazzo::testing::ScriptedAnswer;
using terrazzo::testing::SeenRequest;

namespace {

constexpr TileId tile{.z = 10, .x = 550, .y = 340};

// Each quarter of the tile has one value.
std::uint8_t value_at(std::size_t row, std::size_t col) {
  constexpr std::array<std::uint8_t, 4> values{40, 90, 160, 220};
  return values[row / 256 * 2 + col / 256];
}

testing::BuiltTiff cog() {
  return testing::built({.levels = 2, .box = mercator_box(tile), .pixel = value_at});
}

// What a tile of a catalogue of that one raster looks like: grey values, row by row.
std::vector<std::uint8_t> served_pixels(const std::string& uri) {
  const testing::ScratchFolder folder;
  const std::string database = folder / "catalog.sqlite";
  catalog::create_catalog(database, {{"name", ""}});
  catalog::open_catalog(database)->insert({{"a"}, uri});
  std::vector<std::unique_ptr<io::RasterOpener>> openers;
  openers.push_back(io::tiff_opener());
  const maps::Maps maps{{}, catalog::open_catalog(database), std::move(openers)};
  http::App app{maps};
  http::Request request;
  http::split_target("/singleband/a/10/550/340.png?stretch_range=[1,255]", request);
  const http::Response answer = app(request, {});
  CAPTURE(answer.body.view());
  REQUIRE(answer.status == 200);

  const std::string_view file = answer.body.view();
  png_image picture{};
  picture.version = PNG_IMAGE_VERSION;
  REQUIRE(png_image_begin_read_from_memory(&picture, file.data(), file.size()) != 0);
  picture.format = PNG_FORMAT_GRAY;
  std::vector<std::uint8_t> pixels(PNG_IMAGE_SIZE(picture));
  REQUIRE(png_image_finish_read(&picture, nullptr, pixels.data(), 0, nullptr) != 0);
  return pixels;
}

void check_quarters(const std::vector<std::uint8_t>& pixels) {
  REQUIRE(pixels.size() == 256 * 256);
  for (const std::size_t row : {10, 200})
    for (const std::size_t col : {10, 200})
      CHECK(pixels[row * 256 + col] == value_at(row * 2, col * 2));
}

std::string output_of(const std::string& command) {
  FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string text;
  std::array<char, 4096> block{};
  while (const std::size_t got = ::fread(block.data(), 1, block.size(), pipe))
    text.append(block.data(), got);
  ::pclose(pipe);
  return text;
}

std::string variable(const char* name) {
  const char* value = ::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

TEST_CASE("the lean path needs neither GDAL nor netCDF") {
  const std::string libraries =
      output_of("ldd /proc/" + std::to_string(::getpid()) + "/exe");
  CAPTURE(libraries);
  CHECK(libraries.find("libproj") != std::string::npos);  // ldd did tell
  for (const char* name : {"libgdal", "libnetcdf", "libhdf5"})
    CHECK(libraries.find(name) == std::string::npos);
}

TEST_CASE("the lean path serves a tile of a COG from a file") {
  const testing::ScratchFolder folder;
  const std::string path = folder / "a.tif";
  std::ofstream{path, std::ios::binary} << cog().text();
  check_quarters(served_pixels(path));
}

// tests/s3/run sets TERRAZZO_TEST_BUCKET and lets the variables lead to a real server;
// else one of this test's stands for S3.
TEST_CASE("the lean path serves a tile of a COG from S3") {
  const std::string file = cog().text();
  const std::string bucket = variable("TERRAZZO_TEST_BUCKET");
  if (!bucket.empty()) {
    const std::string uri = "s3://" + bucket + "/lean.tif";
    io::store_of(uri).put_bytes(uri, std::as_bytes(std::span{file}));
    check_quarters(served_pixels(uri));
    return;
  }
  const LoopbackServer server{[&](const SeenRequest& request) {
    const bool is_signed =
        request.header("authorization").starts_with("AWS4-HMAC-SHA256 Credential=AKID/");
    if (!is_signed) return ScriptedAnswer{.status = 403};
    if (request.target != "/data/lean.tif") return ScriptedAnswer{.status = 404};
    return testing::file_answer(request, file);
  }};
  ::setenv("AWS_S3_ENDPOINT", server.url("").c_str(), 1);
  ::setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
  ::setenv("AWS_SECRET_ACCESS_KEY", "hush", 1);
  check_quarters(served_pixels("s3://data/lean.tif"));
  CHECK(server.seen().size() >= 2);
}
