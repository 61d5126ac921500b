#include "terrazzo/formats/gdal_warp.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <thread>

#include "terrazzo/base/error.hpp"
#include "terrazzo/formats/gdal_opener.hpp"
#include "terrazzo/formats/samples.hpp"

using namespace terrazzo;
using namespace terrazzo::formats;
using io::Resampling;

namespace {

// Numbers that say where a pixel comes from.
double place(int, std::size_t row, std::size_t col) {
  return static_cast<double>(row * 256 + col);
}

Sample mercator_sample() {
  return {.affine = Affine{10, 0, 1'000'000, 0, -10, 7'000'000},
          .crs = "EPSG:3857",
          .value = place};
}

// The box of some pixels of mercator_sample().
Box pixels(double col, double row, double cols, double rows) {
  return {1'000'000 + col * 10, 7'000'000 - (row + rows) * 10,
          1'000'000 + (col + cols) * 10, 7'000'000 - row * 10};
}

Box box_of(const io::Raster& raster) {
  const auto& info = raster.info();
  return Transform{*info.crs,
                   Crs::web_mercator()}(bounds_of(info.affine, info.rows, info.cols));
}

double share_valid(const Image& image) {
  return static_cast<double>(std::ranges::count(image.valid(), 1)) /
         static_cast<double>(image.pixels());
}

// The whole raster as a picture.
Image preview(const std::string& path, std::size_t size = 64, int band = 1) {
  const auto raster = gdal_opener()->open(path, band);
  auto image = raster->read_warped({.box = box_of(*raster), .rows = size, .cols = size});
  REQUIRE(image);
  return std::move(*image);
}

template <class T>
bool all_valid_are(const Image& image, T value) {
  for (std::size_t i = 0; i < image.pixels(); ++i)
    if (image.valid()[i] != 0 && std::abs(image.values<T>()[i] - value) > 1e-4)
      return false;
  return true;
}

}  // namespace

TEST_CASE("a picture on the raster's own grid holds the raster's own pixels") {
  const SampleFolder folder;
  write_sample(folder / "a.tif", mercator_sample());
  const auto raster = gdal_opener()->open(folder / "a.tif");
  const auto image =
      raster->read_warped({.box = pixels(20, 40, 64, 64), .rows = 64, .cols = 64});
  REQUIRE(image);
  CHECK(image->type() == ElementType::uint16);
  CHECK(share_valid(*image) == 1);
  for (std::size_t row = 0; row < 64; ++row)
    for (std::size_t col = 0; col < 64; ++col)
      REQUIRE(image->values<std::uint16_t>()[row * 64 + col] ==
              place(1, row + 40, col + 20));
}

TEST_CASE("a coarser picture averages, a finer one repeats what the kernel made") {
  const SampleFolder folder;
  write_sample(folder / "a.tif", mercator_sample());
  const auto raster = gdal_opener()->open(folder / "a.tif");
  const auto coarse =
      raster->read_warped({.box = pixels(32, 32, 64, 64), .rows = 16, .cols = 16});
  REQUIRE(coarse);
  // The mean of rows 32..35 and columns 32..35, rounded half up.
  CHECK(coarse->values<std::uint16_t>()[0] == std::floor(33.5 * 256 + 33.5 + 0.5));

  const auto fine = raster->read_warped({.box = pixels(32, 32, 4, 4),
                                         .rows = 64,
                                         .cols = 64,
                                         .reprojection = Resampling::nearest});
  REQUIRE(fine);
  CHECK(fine->values<std::uint16_t>()[0] == place(1, 32, 32));
  CHECK(fine->values<std::uint16_t>()[63] == place(1, 32, 35));
}

TEST_CASE("methods are told apart and nearest makes no new values") {
  const SampleFolder folder;
  write_sample(folder / "a.tif", {.value = [](int, auto row, auto col) {
                 return (row + col) % 2 == 0 ? 10 : 90;
               }});
  const auto raster = gdal_opener()->open(folder / "a.tif");
  const auto read = [&](Resampling resampling, Resampling reprojection) {
    auto image = raster->read_warped({.box = box_of(*raster),
                                      .rows = 50,
                                      .cols = 50,
                                      .resampling = resampling,
                                      .reprojection = reprojection});
    REQUIRE(image);
    const auto values = image->values<std::uint16_t>();
    return std::vector<std::uint16_t>(values.begin(), values.end());
  };
  for (const std::uint16_t value : read(Resampling::nearest, Resampling::nearest))
    REQUIRE((value == 0 || value == 10 || value == 90));
  CHECK(read(Resampling::average, Resampling::linear) !=
        read(Resampling::nearest, Resampling::linear));
  CHECK(read(Resampling::cubic, Resampling::linear) !=
        read(Resampling::average, Resampling::linear));
  CHECK(read(Resampling::average, Resampling::cubic) !=
        read(Resampling::average, Resampling::linear));
}

TEST_CASE("less than one percent of a picture is no picture") {
  const SampleFolder folder;
  write_sample(folder / "a.tif", mercator_sample());  // 2560 m wide
  const auto raster = gdal_opener()->open(folder / "a.tif");
  const auto around = [&](double size) {
    return raster->read_warped(
        {.box = {1'000'000, 7'000'000 - size, 1'000'000 + size, 7'000'000}});
  };
  CHECK(around(25'000));
  CHECK_FALSE(around(26'000));
}

TEST_CASE("beside the raster nothing is valid") {
  const SampleFolder folder;
  write_sample(folder / "a.tif", mercator_sample());
  const auto raster = gdal_opener()->open(folder / "a.tif");
  const auto beside = raster->read_warped({.box = pixels(1000, 0, 256, 256)});
  REQUIRE(beside);
  CHECK(share_valid(*beside) == 0);
  const auto half = raster->read_warped({.box = pixels(128, 0, 256, 256)});
  REQUIRE(half);
  CHECK(share_valid(*half) == doctest::Approx(0.5).epsilon(0.01));
}

TEST_CASE("nodata, NaN and masks do not leak into the picture") {
  const SampleFolder folder;
  const auto left_half = [](auto col) { return col < 128; };
  write_sample(folder / "nodata.tif", {.nodata = 0, .value = [=](int, auto, auto col) {
                                         return left_half(col) ? 0 : 500;
                                       }});
  write_sample(folder / "mask.tif",
               {.value = [=](int, auto, auto col) { return left_half(col) ? 3 : 500; },
                .masked = [=](auto, auto col) { return left_half(col); }});
  write_sample(folder / "alpha.tif",
               {.bands = 2,
                .value =
                    [=](int band, auto, auto col) {
                      return band == 1 ? 500 : left_half(col) ? 0 : 65535;
                    },
                .last_is_alpha = true});
  write_sample(folder / "nan.tif",
               {.type = ElementType::float32, .value = [=](int, auto, auto col) {
                  return left_half(col) ? std::nan("") : 500;
                }});
  for (const auto* name : {"nodata.tif", "mask.tif", "alpha.tif"}) {
    CAPTURE(name);
    const Image image = preview(folder / name);
    CHECK(share_valid(image) == doctest::Approx(0.5).epsilon(0.1));
    CHECK(all_valid_are<std::uint16_t>(image, 500));
  }
  const Image image = preview(folder / "nan.tif");
  CHECK(share_valid(image) == doctest::Approx(0.5).epsilon(0.1));
  CHECK(image.values<float>()[32 * 64 + 48] == 500);
  for (std::size_t i = 0; i < image.pixels(); ++i)
    CHECK((image.valid()[i] == 0 || std::isfinite(image.values<float>()[i])));
}

TEST_CASE("rotated and geographic rasters land where they lie") {
  const SampleFolder folder;
  const double turn = 7.0710678;  // 10 m pixels turned by 45 degrees
  write_sample(folder / "turned.tif",
               {.affine = Affine{turn, turn, 399960, turn, -turn, 5900040},
                .value = [](int, auto, auto) { return 42; }});
  write_sample(folder / "lonlat.tif", {.affine = Affine{0.1, 0, 5, 0, -0.1, 60},
                                       .crs = "EPSG:4326",
                                       .value = [](int, auto, auto) { return 42; }});
  const Image turned = preview(folder / "turned.tif");
  CHECK(share_valid(turned) ==
        doctest::Approx(0.5).epsilon(0.1));  // a square on its corner
  CHECK(all_valid_are<std::uint16_t>(turned, 42));
  CHECK(turned.valid()[0] == 0);
  CHECK(turned.valid()[32 * 64 + 32] == 1);
  const Image lonlat = preview(folder / "lonlat.tif");
  CHECK(share_valid(lonlat) > 0.98);
  CHECK(all_valid_are<std::uint16_t>(lonlat, 42));
}

TEST_CASE("each band is warped by itself") {
  const SampleFolder folder;
  write_sample(folder / "a.tif",
               {.bands = 3, .value = [](int band, auto, auto) { return band * 100; }});
  for (int band = 1; band <= 3; ++band)
    CHECK(all_valid_are(preview(folder / "a.tif", 32, band),
                        static_cast<std::uint16_t>(band * 100)));
}

TEST_CASE("what cannot be placed is refused, with the reason") {
  const SampleFolder folder;
  write_sample(folder / "no_crs.tif", {.crs = ""});
  write_sample(folder / "no_affine.tif", {.affine = std::nullopt});
  for (const auto* name : {"no_crs.tif", "no_affine.tif"}) {
    CAPTURE(name);
    const auto raster = gdal_opener()->open(folder / name);
    CHECK_FALSE(raster->info().crs);
    try {
      raster->read_warped({.box = {0, 0, 1, 1}});
      FAIL("it was warped");
    } catch (const Error& e) {
      CHECK(e.kind() == ErrorKind::unsupported);
      CHECK(e.message().find("not georeferenced") != std::string::npos);
    }
  }
}

TEST_CASE("an impossible picture is the caller's mistake") {
  const SampleFolder folder;
  write_sample(folder / "a.tif", mercator_sample());
  const auto raster = gdal_opener()->open(folder / "a.tif");
  CHECK_THROWS_AS(raster->read_warped({.box = pixels(0, 0, 10, 10), .rows = 0}), Error);
  CHECK_THROWS_AS(raster->read_warped({.box = pixels(0, 0, -10, 10)}), Error);
  CHECK_THROWS_AS(raster->read_warped({.box = pixels(0, 0, NAN, 10)}), Error);
}

TEST_CASE("tiles made by many threads at once are the tiles made by one") {
  const SampleFolder folder;
  write_sample(folder / "a.tif",
               {.rows = 512, .cols = 512, .nodata = 5, .overviews = {2, 4}});
  const auto opener = gdal_opener();
  const Box all = box_of(*opener->open(folder / "a.tif"));
  const auto tile = [&](std::size_t i) {
    const double width = all.width() / 4;
    const double west = all.west + static_cast<double>(i % 4) * width;
    const Box box{west, all.south, west + width, all.south + width};
    const auto image =
        opener->open(folder / "a.tif")->read_warped({.box = box, .rows = 48, .cols = 48});
    REQUIRE(image);
    std::vector<std::byte> bytes(image->bytes().begin(), image->bytes().end());
    for (const auto valid : image->valid())
      bytes.push_back(static_cast<std::byte>(valid));
    return bytes;
  };
  std::vector<std::vector<std::byte>> expected;
  for (std::size_t i = 0; i < 4; ++i) expected.push_back(tile(i));
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < 3; ++t)
      threads.emplace_back([&, t] {
        for (std::size_t i = 0; i < 5; ++i)
          if (tile(i + t) != expected[(i + t) % 4]) ++wrong;
      });
  }
  CHECK(wrong == 0);
}

TEST_CASE("a long warp ends when its time is over") {
  const SampleFolder folder;
  write_huge(folder / "a.tif");
  const auto raster = gdal_opener()->open(folder / "a.tif");
  const Context context{.deadline =
                            Context::Clock::now() + std::chrono::milliseconds{50}};
  CHECK_THROWS_WITH_AS(raster->read_warped({.box = box_of(*raster)}, context),
                       doctest::Contains("longer than the server allows"), Error);
}
