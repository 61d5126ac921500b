// The resamplers against each other and against GDAL's own warper.

#include <doctest/doctest.h>

#include <gdal_priv.h>
#include <gdal_utils.h>

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "terrazzo/formats/gdal_opener.hpp"
#include "terrazzo/formats/samples.hpp"
#include "terrazzo/io/tiff_opener.hpp"

using namespace terrazzo;
using namespace terrazzo::formats;
using io::Resampling;

namespace {

// At most 7 a pixel.
double wave(int, std::size_t row, std::size_t col) {
  return 1000 + 300 * std::sin(static_cast<double>(col) / 60) +
         200 * std::cos(static_cast<double>(row) / 45);
}

Sample scene(const std::string& crs, const Affine& affine) {
  return {.type = ElementType::uint16,
          .rows = 512,
          .cols = 512,
          .affine = affine,
          .crs = crs,
          .nodata = 0,
          .value = wave,
          .options = {"TILED=YES", "BLOCKXSIZE=128", "BLOCKYSIZE=128"},
          .overviews = {2, 4}};
}

const std::string own_system =
    "+proj=lcc +lat_1=48 +lat_2=53 +lat_0=51 +lon_0=9 +x_0=100000 +ellps=GRS80 "
    "+units=m";

// 10 m pixels around 52.5 N 13.4 E.
std::vector<Sample> scenes() {
  std::vector<Sample> all;
  const auto add = [&](const std::string& crs, double pixel, double turn) {
    const Point at = Transform{Crs::wgs84(), Crs::from(crs)}(Point{13.4, 52.5});
    const double a = pixel * std::cos(turn);
    const double b = pixel * std::sin(turn);
    Affine affine{a, b, 0, b, -a, 0};
    const Point centre = affine(256, 256);
    affine.c = at.x - centre.x;
    affine.f = at.y - centre.y;
    all.push_back(scene(crs, affine));
  };
  add("EPSG:32633", 10, 0);
  add("EPSG:32633", 10, 0.4);
  add("EPSG:3857", 10, 0);
  add("EPSG:3035", 10, 0);
  add("EPSG:4326", 1e-4, 0);
  add(own_system, 10, 0);
  return all;
}

// About the middle of the raster, of a side of `part` of its own; a bit beside, so that
// no pixel lies on the border of two others, where rounding decides.
Box middle_of(const io::RasterInfo& info, double part) {
  const Box whole = Transform{
      *info.crs, Crs::web_mercator()}(bounds_of(info.affine, info.rows, info.cols));
  const double x = (whole.west + whole.east) / 2;
  const double y = (whole.south + whole.north) / 2;
  const double half = whole.width() * part / 2;
  const double beside = half * 0.0123;
  return {x - half + beside, y - half + beside, x + half + beside, y + half + beside};
}

struct Difference {
  double alpha = 0;  // share of the pixels that only one of them shows
  double mean = 0;   // of the values
};

Difference difference(const Image& a, const Image& b) {
  Difference found;
  std::size_t both = 0;
  for (std::size_t i = 0; i < a.pixels(); ++i) {
    if (a.valid()[i] != b.valid()[i]) found.alpha += 1;
    if (a.valid()[i] == 0 || b.valid()[i] == 0) continue;
    found.mean += std::abs(static_cast<double>(a.values<std::uint16_t>()[i]) -
                           b.values<std::uint16_t>()[i]);
    ++both;
  }
  found.alpha /= static_cast<double>(a.pixels());
  found.mean /= static_cast<double>(std::max<std::size_t>(both, 1));
  return found;
}

struct CloseDataset {
  void operator()(GDALDataset* dataset) const { GDALClose(dataset); }
};
using Dataset = std::unique_ptr<GDALDataset, CloseDataset>;

// What gdalwarp makes of two pixels more on each side, without these: so that the lines
// on which it interpolates places are those of the exact resampler.
Image warped_by_gdal(const std::string& path, const Box& box, int side,
                     const char* method) {
  constexpr int pad = 2;
  const double pixel = box.width() / side;
  const Dataset source{GDALDataset::Open(path.c_str())};
  const auto number = [](double value) { return fmt::format("{:.17g}", value); };
  const std::vector<std::string> words{"-of",
                                       "MEM",
                                       "-t_srs",
                                       "EPSG:3857",
                                       "-te",
                                       number(box.west - pad * pixel),
                                       number(box.south - pad * pixel),
                                       number(box.east + pad * pixel),
                                       number(box.north + pad * pixel),
                                       "-ts",
                                       number(side + 2 * pad),
                                       number(side + 2 * pad),
                                       "-r",
                                       method,
                                       "-et",
                                       "0.125",
                                       "-ovr",
                                       "NONE"};
  std::vector<char*> arguments;
  for (const std::string& word : words)
    arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  GDALWarpAppOptions* options = GDALWarpAppOptionsNew(arguments.data(), nullptr);
  GDALDatasetH sources[] = {source.get()};
  const Dataset target{
      GDALDataset::FromHandle(GDALWarp("", nullptr, 1, sources, options, nullptr))};
  GDALWarpAppOptionsFree(options);
  REQUIRE(target);
  const auto size = static_cast<std::size_t>(side);
  Image image{ElementType::uint16, 1, size, size};
  REQUIRE(target->GetRasterBand(1)->RasterIO(GF_Read, pad, pad, side, side,
                                             image.bytes().data(), side, side, GDT_UInt16,
                                             0, 0) == CE_None);
  for (std::size_t i = 0; i < image.pixels(); ++i)
    image.valid()[i] = image.values<std::uint16_t>()[i] != 0 ? 1 : 0;
  return image;
}

}  // namespace

TEST_CASE("the exact resampler makes GDAL's pixels where a picture is finer") {
  const SampleFolder folder;
  for (const Sample& sample : scenes()) {
    CAPTURE(sample.crs);
    write_sample(folder / "a.tif", sample);
    const auto raster = gdal_opener()->open(folder / "a.tif");
    const Box box = middle_of(raster->info(), 0.2);
    for (const bool smooth : {false, true}) {
      const auto ours = raster->read_warped(
          {.box = box,
           .rows = 200,
           .cols = 200,
           .reprojection = smooth ? Resampling::linear : Resampling::nearest});
      REQUIRE(ours);
      const Image theirs =
          warped_by_gdal(folder / "a.tif", box, 200, smooth ? "bilinear" : "near");
      const Difference off = difference(*ours, theirs);
      CAPTURE(smooth);
      CHECK(off.alpha == 0);
      // GDAL smooths by the ratio of a chunk's pixels to those it reads, which are more
      // for a turned raster; the exact resampler's chunks are 128 rows, gdalwarp's any.
      const bool by_chunks = smooth && sample.affine->b != 0;
      CHECK(off.mean <= (by_chunks ? 0.1 : 0.0));
    }
  }
}

TEST_CASE("the fast resampler draws what the exact one draws, at any scale") {
  const SampleFolder folder;
  const auto gdal = gdal_opener();
  for (const Sample& sample : scenes()) {
    CAPTURE(sample.crs);
    write_sample(folder / "a.tif", sample);
    const auto fast_one = io::tiff_opener()->open(folder / "a.tif");
    const auto exact_one = gdal->open(folder / "a.tif");
    // The level read is reduced by `factor`; each of both is off by less than an eighth
    // of its pixels, from one to the next of which values change by less than 7 * factor.
    for (const auto& [part, factor] :
         {std::pair{0.1, 1}, {0.3, 1}, {0.5, 2}, {1.1, 4}, {2.0, 4}}) {
      CAPTURE(part);
      const io::WarpedRead request{
          .box = middle_of(exact_one->info(), part), .rows = 128, .cols = 128};
      const auto exact = exact_one->read_warped(request);
      const auto fast = fast_one->read_warped(request);
      REQUIRE(exact);
      REQUIRE(fast);
      const Difference off = difference(*exact, *fast);
      CHECK(off.alpha < 0.01);
      CHECK(off.mean < 0.125 * 7 * factor);
    }
  }
}
