#include "terrazzo/formats/gdal_opener.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <fstream>
#include <limits>
#include <thread>

#include "support/process.hpp"
#include "terrazzo/base/error.hpp"
#include "terrazzo/formats/gdal_file.hpp"
#include "terrazzo/formats/samples.hpp"

using namespace terrazzo;
using namespace terrazzo::formats;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

std::size_t valid_pixels(const Image& image) {
  return static_cast<std::size_t>(std::ranges::count(image.valid(), 1));
}

Image read_all(const io::Raster& raster) {
  const auto& info = raster.info();
  return raster.read({0, 0, info.cols, info.rows}, info.rows, info.cols);
}

// The kind of error that opening (and reading all of) the file ends in.
std::optional<ErrorKind> failure_of(const std::string& uri, int band = 1) {
  try {
    read_all(*gdal_opener()->open(uri, band));
  } catch (const Error& e) {
    return e.kind();
  }
  return std::nullopt;
}

void write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream{path} << text;
}

}  // namespace

TEST_CASE("a raster tells its grid, place, bands, blocks and compression") {
  const SampleFolder folder;
  write_sample(folder / "a.tif", {.rows = 300,
                                  .cols = 520,
                                  .bands = 2,
                                  .nodata = 7,
                                  .options = {"TILED=YES", "BLOCKXSIZE=256",
                                              "BLOCKYSIZE=128", "COMPRESS=DEFLATE"},
                                  .overviews = {2, 4}});
  const auto raster = gdal_opener()->open(folder / "a.tif", 2);
  const io::RasterInfo& info = raster->info();
  CHECK(info.rows == 300);
  CHECK(info.cols == 520);
  CHECK(info.affine == Affine{10, 0, 399960, 0, -10, 5900040});
  REQUIRE(info.crs);
  CHECK(info.crs->epsg_code() == 32633);
  REQUIRE(info.bands.size() == 2);
  CHECK(info.bands[1].type == ElementType::uint16);
  CHECK(info.bands[1].nodata == 7);
  CHECK(info.block_cols == 256);
  CHECK(info.block_rows == 128);
  CHECK(info.overviews == std::vector<std::size_t>{2, 4});
  CHECK(info.format == "GTiff");
  CHECK(info.compression == "DEFLATE");
  CHECK_FALSE(info.has_mask);
  CHECK(raster->band() == 2);
}

TEST_CASE("pixels come back as they were written, each band its own") {
  const SampleFolder folder;
  const Sample sample{.rows = 40, .cols = 30, .bands = 3};
  write_sample(folder / "a.tif", sample);
  const auto opener = gdal_opener();
  for (int band = 1; band <= 3; ++band) {
    const Image image =
        opener->open(folder / "a.tif", band)->read({5, 10, 20, 25}, 25, 20);
    REQUIRE(image.type() == ElementType::uint16);
    CHECK(image.values<std::uint16_t>()[0] == sample.value(band, 10, 5));
    CHECK(image.values<std::uint16_t>().back() == sample.value(band, 34, 24));
    CHECK(valid_pixels(image) == 500);
  }
}

TEST_CASE("nodata, NaN, infinite and masked pixels are not valid") {
  const SampleFolder folder;
  write_sample(folder / "nodata.tif",
               {.rows = 10, .cols = 10, .nodata = 0, .value = [](int, auto row, auto) {
                  return row < 3 ? 0 : 9;
                }});
  write_sample(
      folder / "float.tif",
      {.type = ElementType::float32,
       .rows = 10,
       .cols = 10,
       .nodata = -9999,
       .value = [](int, auto row, auto) {
         return row == 0 ? not_a_number : row == 1 ? HUGE_VAL : row == 2 ? -9999 : 1.5;
       }});
  write_sample(
      folder / "mask.tif",
      {.rows = 10, .cols = 10, .masked = [](auto, auto col) { return col < 2; }});
  const auto opener = gdal_opener();
  CHECK(valid_pixels(read_all(*opener->open(folder / "nodata.tif"))) == 70);
  CHECK(valid_pixels(read_all(*opener->open(folder / "float.tif"))) == 70);
  const auto masked = opener->open(folder / "mask.tif");
  CHECK(masked->info().has_mask);
  CHECK(valid_pixels(read_all(*masked)) == 80);
}

TEST_CASE("a nodata value that the type cannot hold masks nothing") {
  const SampleFolder folder;
  write_sample(folder / "a.tif",
               {.type = ElementType::uint8, .rows = 8, .cols = 8, .nodata = -9999});
  const auto raster = gdal_opener()->open(folder / "a.tif");
  CHECK_FALSE(raster->info().bands[0].nodata);
  CHECK(valid_pixels(read_all(*raster)) == 64);
}

TEST_CASE("a reduced read takes nearest pixels and stays inside the file") {
  const SampleFolder folder;
  write_sample(folder / "a.tif",
               {.rows = 100, .cols = 100, .value = [](int, auto row, auto col) {
                  return static_cast<double>(row * 100 + col);
                }});
  const auto raster = gdal_opener()->open(folder / "a.tif");
  const Image image = raster->read({0, 0, 100, 100}, 10, 10);
  for (std::size_t row = 0; row < 10; ++row)
    CHECK(image.values<std::uint16_t>()[row * 10] / 1000 == row);
  CHECK_THROWS_WITH_AS(raster->read({90, 0, 20, 10}, 10, 10),
                       doctest::Contains("not inside"), Error);
  CHECK_THROWS_AS(raster->read({0, 0, 0, 10}, 10, 10), Error);
  CHECK_THROWS_AS(raster->read({0, 0, 10, 10}, 0, 10), Error);
}

TEST_CASE(
    "what is not a raster has an error of the right kind and no path in its message") {
  const SampleFolder folder;
  write_text(folder / "empty.tif", "");
  write_text(folder / "text.tif", "this is not a raster\n");
  write_text(folder / "header.tif", std::string{"II*\0\x08\0\0\0", 8});
  write_sample(folder / "half.tif", {.rows = 600, .cols = 600});
  truncate_sample(folder / "half.tif", 0.5);
  CHECK(failure_of(folder / "missing.tif") == ErrorKind::not_found);
  CHECK(failure_of(folder / "missing/deep.tif") == ErrorKind::not_found);
  CHECK(failure_of(folder / "") == ErrorKind::invalid_input);  // a folder
  CHECK(failure_of("") == ErrorKind::invalid_input);
  CHECK(failure_of(std::string{"a\0b", 3}) == ErrorKind::invalid_input);
  write_sample(folder / "shut.tif");
  std::filesystem::permissions((folder / "shut.tif").parent_path(),
                               std::filesystem::perms{0755});
  std::filesystem::permissions(folder / "shut.tif", std::filesystem::perms{0});
  CHECK(terrazzo::testing::exit_code_as_nobody([&] {
          return failure_of(folder / "shut.tif") == ErrorKind::denied ? 0 : 1;
        }) == 0);
  CHECK(failure_of("/vsistdin/") == ErrorKind::unsupported);
  CHECK(failure_of("<VRTDataset/>") == ErrorKind::not_found);
  for (const auto* name : {"empty.tif", "text.tif", "header.tif", "half.tif"}) {
    CAPTURE(name);
    CHECK(failure_of(folder / name) == ErrorKind::corrupt_data);
  }
  try {
    gdal_opener()->open(folder / "text.tif");
    FAIL("it opened");
  } catch (const Error& e) {
    CHECK(e.message().find('/') == std::string::npos);
    CHECK(std::string{e.what()}.find((folder / "text.tif").string()) !=
          std::string::npos);
  }
}

TEST_CASE("a file cut anywhere ends in an error, never in a crash") {
  const SampleFolder folder;
  for (int part = 1; part < 20; ++part) {
    CAPTURE(part);
    const auto path = folder / (std::to_string(part) + ".tif");
    write_sample(path, {.rows = 200,
                        .cols = 200,
                        .options = {"TILED=YES", "COMPRESS=DEFLATE", "BLOCKXSIZE=64",
                                    "BLOCKYSIZE=64"},
                        .overviews = {2}});
    truncate_sample(path, part / 20.0);
    CHECK(failure_of(path) == ErrorKind::corrupt_data);
  }
}

TEST_CASE("a damaged block is said when it is read") {
  const SampleFolder folder;
  write_sample(folder / "a.tif",
               {.rows = 200, .cols = 200, .options = {"COMPRESS=DEFLATE"}});
  const auto size = std::filesystem::file_size(folder / "a.tif");
  std::fstream file{folder / "a.tif", std::ios::in | std::ios::out | std::ios::binary};
  file.seekp(static_cast<std::streamoff>(size / 2));
  file << std::string(600, '\xff');
  file.close();
  CHECK(failure_of(folder / "a.tif") == ErrorKind::corrupt_data);
}

TEST_CASE("a band that is not there is the caller's mistake") {
  const SampleFolder folder;
  write_sample(folder / "a.tif", {.rows = 8, .cols = 8, .bands = 2});
  CHECK(failure_of(folder / "a.tif", 2) == std::nullopt);
  CHECK(failure_of(folder / "a.tif", 3) == ErrorKind::invalid_input);
  CHECK(failure_of(folder / "a.tif", 0) == ErrorKind::invalid_input);
  CHECK(failure_of(folder / "a.tif", -1) == ErrorKind::invalid_input);
}

TEST_CASE("complex pixels are not supported") {
  const SampleFolder folder;
  write_text(folder / "a.vrt",
             "<VRTDataset rasterXSize='4' rasterYSize='4'>"
             "<VRTRasterBand dataType='CFloat32' band='1'/></VRTDataset>");
  CHECK(failure_of(folder / "a.vrt") == ErrorKind::unsupported);
}

TEST_CASE("colour tables and class names are found, also beside the file") {
  const SampleFolder folder;
  write_sample(folder / "a.tif", {.type = ElementType::uint8, .rows = 4, .cols = 4});
  write_text(folder / "a.tif.aux.xml",
             "<PAMDataset><PAMRasterBand band='1'><CategoryNames><Category></Category>"
             "<Category>water</Category></CategoryNames></PAMRasterBand></PAMDataset>");
  write_text(
      folder / "b.vrt",
      "<VRTDataset rasterXSize='4' rasterYSize='4'><VRTRasterBand dataType='Byte' "
      "band='1'>"
      "<ColorInterp>Palette</ColorInterp><ColorTable><Entry c1='1' c2='2' c3='3' "
      "c4='255'/>"
      "</ColorTable><Scale>0.5</Scale><Offset>-3</Offset></VRTRasterBand></VRTDataset>");
  const auto opener = gdal_opener();
  const auto labels = opener->open(folder / "a.tif")->info().bands[0].labels;
  CHECK(labels == std::map<double, std::string>{{1, "water"}});
  const auto band = opener->open(folder / "b.vrt")->info().bands[0];
  CHECK(band.color_table == std::vector<Color>{{1, 2, 3, 255}});
  CHECK(band.scale == 0.5);
  CHECK(band.offset == -3);
}

TEST_CASE("a raster whose header is a file of its own is read too") {
  const SampleFolder folder;
  write_text(folder / "a.dat", "ABCDEFGHIJKLMNOP");
  write_text(folder / "a.hdr",
             "ENVI\nsamples = 4\nlines = 4\nbands = 1\nheader offset = 0\ndata type = 1\n"
             "interleave = bsq\nbyte order = 0\n"
             "map info = {UTM, 1, 1, 399960, 5900040, 10, 10, 33, North, WGS-84}\n");
  const auto raster = gdal_opener()->open(folder / "a.dat");
  CHECK(raster->info().format == "ENVI");
  CHECK(raster->info().affine.c == 399960);
  CHECK(read_all(*raster).values<std::uint8_t>()[15] == 'P');
}

TEST_CASE("a replaced file is noticed, and who had the old one open is told") {
  const SampleFolder folder;
  const auto opener = gdal_opener();
  const auto constant = [](double value) {
    return Sample{
        .rows = 16, .cols = 16, .value = [=](int, auto, auto) { return value; }};
  };
  write_sample(folder / "a.tif", constant(1));
  const auto before = opener->open(folder / "a.tif");
  CHECK(read_all(*before).values<std::uint16_t>()[0] == 1);
  write_sample(folder / "b.tif", constant(2));
  std::filesystem::rename(folder / "b.tif", folder / "a.tif");
  CHECK(read_all(*opener->open(folder / "a.tif")).values<std::uint16_t>()[0] == 2);
  CHECK_THROWS_WITH_AS(read_all(*before), doctest::Contains("replaced"), Error);
  std::filesystem::remove(folder / "a.tif");
  CHECK_THROWS_WITH_AS(read_all(*before), doctest::Contains("gone"), Error);
}

TEST_CASE("a raster outlives its opener") {
  const SampleFolder folder;
  write_sample(folder / "a.tif", {.rows = 8, .cols = 8});
  const auto raster = gdal_opener()->open(folder / "a.tif");
  CHECK(valid_pixels(read_all(*raster)) == 64);
}

TEST_CASE("no more handles stay open than allowed, and the least used go first") {
  const SampleFolder folder;
  set_up_gdal();
  HandlePool pool{2};
  const auto give = [&](const std::string& name) {
    const auto path = (folder / name).string();
    write_sample(path, {.rows = 4, .cols = 4});
    const FileIdentity identity = file_identity(path);
    DatasetPtr dataset = open_dataset(path);
    auto facts = read_facts(dataset.get(), path, identity);
    pool.give({std::move(dataset), std::move(facts)});
    return std::pair{path, identity};
  };
  const auto a = give("a.tif");
  const auto b = give("b.tif");
  pool.give(*pool.take(a.first, a.second));  // now b is the older one
  const auto c = give("c.tif");
  CHECK(pool.idle() == 2);
  CHECK_FALSE(pool.take(b.first, b.second));
  CHECK(pool.take(a.first, a.second));
  CHECK_FALSE(pool.take(c.first, FileIdentity{}));
  CHECK(pool.idle() == 0);
}

TEST_CASE("many threads that read one file see the same pixels as one thread") {
  const SampleFolder folder;
  write_sample(folder / "a.tif", {.rows = 256,
                                  .cols = 256,
                                  .options = {"TILED=YES", "COMPRESS=DEFLATE",
                                              "BLOCKXSIZE=64", "BLOCKYSIZE=64"}});
  const auto opener = gdal_opener({.open_files = 3});
  const auto part = [&](std::size_t i) {
    const io::Window window{(i % 4) * 64, (i / 4 % 4) * 64, 64, 64};
    const Image image = opener->open(folder / "a.tif")->read(window, 64, 64);
    const auto values = image.values<std::uint16_t>();
    return std::vector<std::uint16_t>(values.begin(), values.end());
  };
  std::vector<std::vector<std::uint16_t>> expected;
  for (std::size_t i = 0; i < 16; ++i) expected.push_back(part(i));
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < 6; ++t)
      threads.emplace_back([&, t] {
        for (std::size_t i = 0; i < 48; ++i)
          if (part(i + t) != expected[(i + t) % 16]) ++wrong;
      });
  }
  CHECK(wrong == 0);
}

TEST_CASE("an attribute table without a value column names values by its rows") {
  const SampleFolder folder;
  write_sample(folder / "a.tif", {.type = ElementType::uint8, .rows = 4, .cols = 4});
  write_text(folder / "a.tif.aux.xml",
             "<PAMDataset><PAMRasterBand band='1'><GDALRasterAttributeTable>"
             "<FieldDefn index='0'><Name>Cover</Name><Type>2</Type><Usage>0</Usage>"
             "</FieldDefn><Row index='0'><F></F></Row><Row index='1'><F>water</F></Row>"
             "</GDALRasterAttributeTable></PAMRasterBand></PAMDataset>");
  CHECK(gdal_opener()->open(folder / "a.tif")->info().bands[0].labels ==
        std::map<double, std::string>{{1, "water"}});
}

TEST_CASE("a long read ends when its time is over, and the raster stays usable") {
  const SampleFolder folder;
  write_huge(folder / "a.tif");
  const auto raster = gdal_opener()->open(folder / "a.tif");
  const io::RasterInfo& info = raster->info();
  const Context context{.deadline =
                            Context::Clock::now() + std::chrono::milliseconds{50}};
  CHECK_THROWS_WITH_AS(raster->read({0, 0, info.cols, info.rows}, 2000, 2000, context),
                       doctest::Contains("longer than the server allows"), Error);
  CHECK(raster->read({0, 0, 1, 1}, 1, 1).valid()[0] == 1);
}
