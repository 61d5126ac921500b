// Terrazzo's own reader of TIFFs gives the pixels that GDAL gives: whole files, windows,
// levels and masks, over the product of what a TIFF can be.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "terrazzo/formats/gdal_opener.hpp"
#include "terrazzo/formats/samples.hpp"
#include "terrazzo/io/tiff_opener.hpp"

using namespace terrazzo;
using namespace terrazzo::formats;

namespace {

struct Codec {
  std::string name;
  std::vector<int> predictors{1};
  bool bytes_only = false;
  bool wants_colors = false;  // 3 or 4 bands, pixel by pixel
};

const std::vector<Codec>& codecs() {
  static const std::vector<Codec> all{
      {"NONE"},
      {"PACKBITS"},
      {"LZW", {1, 2, 3}},
      {"DEFLATE", {1, 2, 3}},
      {"ZSTD", {1, 2, 3}},
      {"LERC"},
      {"LERC_DEFLATE"},
      {"LERC_ZSTD"},
      {"JPEG", {1}, true},
      {"WEBP", {1}, true, true},
  };
  return all;
}

bool is_real(ElementType type) {
  return type == ElementType::float32 || type == ElementType::float64;
}

double sample_value(ElementType type, int band, std::size_t row, std::size_t col) {
  const auto noise = static_cast<double>((row * 2654435761U + col * 40503U) % 17U);
  const double smooth = static_cast<double>(row + 2 * col) * 0.5 + band * 11.0 + noise;
  if (is_real(type)) return smooth * 1.37 - 40;
  if (size_of(type) == 1) return std::fmod(smooth, 120.0);
  if (type == ElementType::int16 || type == ElementType::int32) return smooth * 31 - 5000;
  return smooth * 31;
}

struct Layout {
  std::vector<std::string> options;
  std::size_t rows, cols;
};

std::vector<Layout> layouts() {
  return {
      {{"TILED=YES", "BLOCKXSIZE=32", "BLOCKYSIZE=16"}, 75, 101},
      {{"BLOCKYSIZE=7"}, 50, 40},
      {{"TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64", "ENDIANNESS=BIG"}, 1, 1},
      {{"BLOCKYSIZE=16", "ENDIANNESS=BIG", "BIGTIFF=YES"}, 61, 1},
      {{"TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=48", "BIGTIFF=YES", "SPARSE_OK=TRUE"},
       1,
       70},
  };
}

struct Case {
  Sample sample;
  std::string words;
};

bool possible(const Codec& codec, ElementType type, int predictor, int bands,
              bool together) {
  if (codec.bytes_only && type != ElementType::uint8) return false;
  if (codec.wants_colors && !(bands == 3 && together)) return false;
  if (predictor == 3 && !is_real(type)) return false;
  const bool lerc = codec.name.starts_with("LERC");
  const bool wide = type == ElementType::uint64 || type == ElementType::int64;
  return !(lerc && wide);
}

Case make_case(const Codec& codec, ElementType type, int predictor, int bands,
               bool together, const Layout& layout) {
  Case made;
  Sample& sample = made.sample;
  sample.type = type;
  sample.rows = layout.rows;
  sample.cols = layout.cols;
  sample.bands = bands;
  sample.options = layout.options;
  sample.options.push_back("COMPRESS=" + codec.name);
  sample.options.push_back(together ? "INTERLEAVE=PIXEL" : "INTERLEAVE=BAND");
  if (predictor != 1) sample.options.push_back("PREDICTOR=" + std::to_string(predictor));
  if (codec.name == "WEBP") sample.options.emplace_back("WEBP_LOSSLESS=YES");
  if (type == ElementType::int8) sample.options.emplace_back("PIXELTYPE=SIGNEDBYTE");
  sample.value = [type](int band, std::size_t row, std::size_t col) {
    return sample_value(type, band, row, col);
  };
  made.words = fmt::format("{} {} x {} x {}: {}", name_of(type), bands, sample.rows,
                           sample.cols, fmt::join(sample.options, " "));
  return made;
}

// Every codec with every type, predictor and band layout; the layouts of blocks take
// turns, so that each meets all of them.
std::vector<Case> cases() {
  using enum ElementType;
  std::vector<Case> all;
  const std::vector<Layout> shapes = layouts();
  std::size_t turn = 0;
  const auto add = [&](const Codec& codec, ElementType type, int predictor, int bands,
                       bool together) {
    if (!possible(codec, type, predictor, bands, together)) return;
    for (int again = 0; again < 2; ++again)
      all.push_back(make_case(codec, type, predictor, bands, together,
                              shapes[turn++ % shapes.size()]));
  };
  for (const Codec& codec : codecs())
    for (const ElementType type :
         {uint8, int8, uint16, int16, uint32, int32, uint64, int64, float32, float64})
      for (const int predictor : codec.predictors)
        for (const auto& [bands, together] :
             {std::pair{1, true}, std::pair{3, true}, std::pair{3, false}})
          add(codec, type, predictor, bands, together);
  return all;
}

bool same(const Image& a, const Image& b) {
  return a.type() == b.type() && a.rows() == b.rows() && a.cols() == b.cols() &&
         std::ranges::equal(a.bytes(), b.bytes()) &&
         std::ranges::equal(a.valid(), b.valid());
}

// Where two images differ, for a message; empty if nowhere.
std::string difference(const Image& ours, const Image& gdal) {
  if (same(ours, gdal)) return "";
  if (ours.type() != gdal.type())
    return fmt::format("type {} instead of {}", name_of(ours.type()),
                       name_of(gdal.type()));
  return with_type(ours.type(), [&]<class T>(T) {
    for (std::size_t i = 0; i < ours.pixels(); ++i) {
      const T a = ours.values<T>()[i];
      const T b = gdal.values<T>()[i];
      if (std::memcmp(&a, &b, sizeof a) != 0 || ours.valid()[i] != gdal.valid()[i])
        return fmt::format("pixel {} of row {} is {} ({}) instead of {} ({})",
                           i % ours.cols(), i / ours.cols(), a, ours.valid()[i], b,
                           gdal.valid()[i]);
    }
    return std::string{"nothing that can be seen"};
  });
}

struct Readers {
  std::unique_ptr<io::RasterOpener> ours = io::tiff_opener();
  std::unique_ptr<io::RasterOpener> gdal = gdal_opener();
};

// Reads some windows, some of them reduced, of one band by both.
void compare_band(const Readers& readers, const std::string& path, int band) {
  const auto ours = readers.ours->open(path, band);
  const auto gdal = readers.gdal->open(path, band);
  const io::RasterInfo& info = gdal->info();
  REQUIRE(ours->info().rows == info.rows);
  REQUIRE(ours->info().cols == info.cols);
  std::mt19937 random{static_cast<unsigned>(info.rows * 7 + info.cols)};
  const auto below = [&](std::size_t n) { return random() % n; };
  const auto compare = [&](const io::Window& window, std::size_t rows, std::size_t cols) {
    INFO("window of ", window.rows, " x ", window.cols, " at row ", window.row,
         " column ", window.col, " as ", rows, " x ", cols);
    CHECK(difference(ours->read(window, rows, cols), gdal->read(window, rows, cols)) ==
          "");
  };
  compare({0, 0, info.cols, info.rows}, info.rows, info.cols);
  for (int i = 0; i < 3; ++i) {
    io::Window window{below(info.cols), below(info.rows)};
    window.cols = 1 + below(info.cols - window.col);
    window.rows = 1 + below(info.rows - window.row);
    compare(window, window.rows, window.cols);
    compare(window, 1 + below(window.rows), 1 + below(window.cols));
  }
  for (const std::size_t factor : info.overviews)
    compare({0, 0, info.cols, info.rows}, (info.rows + factor - 1) / factor,
            (info.cols + factor - 1) / factor);
}

void compare_info(const io::RasterInfo& ours, const io::RasterInfo& gdal) {
  CHECK(ours.affine == gdal.affine);
  CHECK(ours.crs.has_value() == gdal.crs.has_value());
  if (ours.crs && gdal.crs) {
    CAPTURE(ours.crs->wkt());
    CAPTURE(gdal.crs->wkt());
    CHECK(*ours.crs == *gdal.crs);
  }
  CHECK(ours.has_mask == gdal.has_mask);
  CHECK(ours.overviews == gdal.overviews);
  CHECK(ours.block_cols == gdal.block_cols);
  CHECK(ours.compression == gdal.compression);
  REQUIRE(ours.bands.size() == gdal.bands.size());
  for (std::size_t i = 0; i < ours.bands.size(); ++i) {
    const io::BandInfo& a = ours.bands[i];
    const io::BandInfo& b = gdal.bands[i];
    CHECK(a.type == b.type);
    CHECK(a.nodata == b.nodata);
    CHECK(a.description == b.description);
    CHECK(a.scale == b.scale);
    CHECK(a.offset == b.offset);
    CHECK(a.color_table == b.color_table);
    CHECK(a.labels == b.labels);
  }
}

void compare_file(const Sample& sample) {
  const SampleFolder folder;
  const std::string path = folder / "a.tif";
  write_sample(path, sample);
  const Readers readers;
  compare_info(readers.ours->open(path, 1)->info(), readers.gdal->open(path, 1)->info());
  for (int band = 1; band <= sample.bands; ++band) compare_band(readers, path, band);
}

}  // namespace

TEST_CASE("every type, codec, predictor and layout is read as GDAL reads it") {
  const std::vector<Case> all = cases();
  CHECK(all.size() >= 400);
  for (const Case& each : all) {
    CAPTURE(each.words);
    compare_file(each.sample);
  }
}

TEST_CASE("packed samples are unpacked as GDAL does it") {
  for (const auto& [bits, type] : {std::pair{1, ElementType::uint8},
                                   {2, ElementType::uint8},
                                   {4, ElementType::uint8},
                                   {12, ElementType::uint16},
                                   {16, ElementType::float32}})
    for (const char* codec : {"NONE", "DEFLATE", "LZW", "PACKBITS"})
      for (const int bands : {1, 3})
        for (const char* layout : {"TILED=YES", "BLOCKYSIZE=9"}) {
          CAPTURE(bits);
          CAPTURE(codec);
          CAPTURE(layout);
          const int most = 1 << bits;
          compare_file(
              {.type = type,
               .rows = 37,
               .cols = 53,
               .bands = bands,
               .value =
                   [most](int band, std::size_t row, std::size_t col) {
                     return static_cast<double>((row * 5 + col * 3) % 97U +
                                                static_cast<std::size_t>(band)) >= most
                                ? most - 1
                                : static_cast<double>((row + col) %
                                                      static_cast<std::size_t>(most));
                   },
               .options = {"NBITS=" + std::to_string(bits), layout,
                           std::string{"COMPRESS="} + codec}});
        }
}

TEST_CASE("masks, alpha and nodata hide the pixels that they hide for GDAL") {
  const auto hole = [](std::size_t row, std::size_t col) {
    return row > 20 && row < 90 && col % 50 < 20;
  };
  const auto alpha = [](int band, std::size_t row, std::size_t col) {
    if (band == 4) return col > row ? 0.0 : static_cast<double>(row % 3U) * 100;
    return static_cast<double>((row + col) % 200);
  };
  const std::vector<std::string> tiles{"TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64",
                                       "COMPRESS=DEFLATE"};
  compare_file(
      {.rows = 200, .cols = 300, .masked = hole, .options = tiles, .overviews = {2, 4}});
  compare_file({.type = ElementType::uint8,
                .rows = 200,
                .cols = 300,
                .bands = 3,
                .masked = hole,
                .options = {"TILED=YES", "COMPRESS=JPEG", "PHOTOMETRIC=YCBCR"},
                .overviews = {2}});
  compare_file(
      {.rows = 200, .cols = 300, .nodata = 7, .options = tiles, .overviews = {2}});
  compare_file({.type = ElementType::float32,
                .rows = 64,
                .cols = 64,
                .nodata = -3.4028234663852886e38,
                .options = tiles});
  compare_file({.type = ElementType::uint8,
                .rows = 100,
                .cols = 130,
                .bands = 4,
                .value = alpha,
                .options = tiles,
                .overviews = {2},
                .last_is_alpha = true});
}

TEST_CASE("rasters lie where GDAL places them") {
  for (const std::string crs :
       {"EPSG:32633", "EPSG:4326", "EPSG:3857", "EPSG:3035", "EPSG:3413", "EPSG:2193",
        "+proj=laea +lat_0=10 +lon_0=20 +x_0=1000 +y_0=2000 +ellps=GRS80 +units=m",
        "+proj=tmerc +lat_0=1 +lon_0=15 +k=0.9996 +x_0=5e5 +y_0=0 +datum=WGS84 +units=m",
        "+proj=lcc +lat_0=46.5 +lon_0=3 +lat_1=49 +lat_2=44 +x_0=7e5 +y_0=66e5 "
        "+ellps=GRS80 +units=m",
        "ESRI:54009", "EPSG:2264"}) {
    CAPTURE(crs);
    compare_file({.rows = 20, .cols = 30, .crs = crs});
  }
  compare_file({.rows = 20, .cols = 30, .affine = Affine{10, 3, 4e5, -2, -9, 5e6}});
  compare_file({.rows = 20, .cols = 30, .affine = std::nullopt, .crs = ""});
}

TEST_CASE("reference systems that only GDAL can tell from their keys are left to it") {
  for (const std::string crs :
       {"ESRI:102121", "ESRI:102631", "ESRI:104131", "ESRI:102061", "ESRI:53004",
        "ESRI:54030",
        "+proj=somerc +lat_0=46.95 +lon_0=7.44 +k_0=1 +x_0=600000 +y_0=200000 "
        "+ellps=bessel +towgs84=674.4,15.1,405.3",
        "+proj=tmerc +lat_0=1 +lon_0=15 +k=1 +x_0=5e5 +y_0=0 +ellps=bessel "
        "+towgs84=1,2,3 +units=m"}) {
    CAPTURE(crs);
    const SampleFolder folder;
    const std::string path = folder / "a.tif";
    write_sample(path, {.rows = 20, .cols = 30, .crs = crs});
    CHECK_THROWS_WITH_AS(Readers{}.ours->open(path, 1),
                         doctest::Contains("reference system of its own"), Error);
  }
}
