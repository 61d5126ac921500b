// The fast resampler alone, on one thread: a 256 x 256 tile of EPSG:3857 from uint16
// pixels in memory, UTM 33N, 12 m.  terrazzo_warp_bench

#include <algorithm>
#include <cmath>
#include <ctime>
#include <random>
#include <vector>

#include <fmt/format.h>
#include <gdal_priv.h>
#include <gdalwarper.h>
#include <ogr_spatialref.h>

#include "terrazzo/base/error.hpp"
#include "terrazzo/data/tile_grid.hpp"
#include "terrazzo/raster/fine_grid.hpp"
#include "terrazzo/raster/warp.hpp"

namespace terrazzo::bench {
namespace {

constexpr std::size_t side = 2048;
constexpr std::size_t tile_side = 256;
constexpr int own_zoom = 13;  // 11.6 m
constexpr Affine affine{12, 0, 390'000, 0, -12, 5'820'000};

// Terrain with noise in the low bits.
std::vector<std::uint16_t> make_pixels() {
  std::mt19937 random{7};
  std::vector<std::uint16_t> pixels(side * side);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const auto x = static_cast<double>(i % side);
    const auto y = static_cast<double>(i / side);
    const double height = 2000 + 900 * std::sin(x / 170) * std::cos(y / 210);
    pixels[i] = static_cast<std::uint16_t>(height + static_cast<double>(random() % 16));
  }
  return pixels;
}

// Tiles that lie inside the scene.
std::vector<TileId> make_tiles(int zoom) {
  const Transform to_lonlat{Crs::epsg(32633), Crs::wgs84()};
  std::mt19937 random{11};
  std::uniform_real_distribution<double> place{600, side - 600};
  std::vector<TileId> tiles;
  for (int i = 0; i < 64; ++i)
    tiles.push_back(tile_at(to_lonlat(affine(place(random), place(random))), zoom));
  return tiles;
}

class Ours {
 public:
  explicit Ours(const std::vector<std::uint16_t>& pixels, bool masked)
      : mask_(masked ? pixels.size() : 0, 1),
        view_{ElementType::uint16,
              pixels.data(),
              masked ? mask_.data() : nullptr,
              side,
              0,
              0,
              side,
              side} {}

  raster::WarpGrid grid(const TileId& tile) const {
    const raster::WarpMap map{{.box = mercator_box(tile)}, utm_};
    const raster::WarpLevel level{affine, side, side};
    if (!raster::pixel_scale(map, level))
      throw failure(ErrorKind::internal, "a tile has no scale");
    return {map, level};
  }

  Image draw(const raster::WarpGrid& grid, raster::Kernel kernel) const {
    Image image{ElementType::uint16, 1, tile_side, tile_side};
    raster::warp(grid, kernel, view_, image);
    return image;
  }

  // By way of pixels of the source's size.
  Image reduced(const TileId& tile) const {
    const raster::WarpLevel level{affine, side, side};
    const auto pixel = raster::native_pixel(level, utm_, Crs::web_mercator());
    const raster::FineGrid fine =
        raster::fine_grid({.box = mercator_box(tile)}, pixel.value(), {});
    const raster::WarpGrid grid{raster::WarpMap{fine.target, utm_}, level};
    Image drawn{ElementType::uint16, 1, grid.rows(), grid.cols()};
    raster::warp(grid, raster::Kernel::bilinear, view_, drawn);
    Image image{ElementType::uint16, 1, tile_side, tile_side};
    raster::downsample(drawn, fine.cols, fine.rows, raster::Kernel::average, image);
    return image;
  }

 private:
  Crs utm_ = Crs::epsg(32633);
  std::vector<std::uint8_t> mask_;
  raster::BlockView view_;
};

// GDALReprojectImage() from one MEM dataset to another with the approximate transformer.
class Gdal {
 public:
  explicit Gdal(std::vector<std::uint16_t> pixels)
      : source_(create(side, affine, 32633)) {
    if (GDALRasterIO(GDALGetRasterBand(source_, 1), GF_Write, 0, 0, side, side,
                     pixels.data(), side, side, GDT_UInt16, 0, 0) != CE_None)
      throw failure(ErrorKind::internal, "GDAL could not keep the pixels");
  }
  ~Gdal() { GDALClose(source_); }
  Gdal(const Gdal&) = delete;
  Gdal& operator=(const Gdal&) = delete;

  std::vector<std::uint16_t> draw(const TileId& tile, GDALResampleAlg kernel) const {
    const Box box = mercator_box(tile);
    const double pixel = box.width() / tile_side;
    GDALDataset* target =
        create(tile_side, {pixel, 0, box.west, 0, -pixel, box.north}, 3857);
    std::vector<std::uint16_t> pixels(tile_side * tile_side);
    const CPLErr warped = GDALReprojectImage(source_, nullptr, target, nullptr, kernel, 0,
                                             0.125, nullptr, nullptr, nullptr);
    const CPLErr read =
        GDALRasterIO(GDALGetRasterBand(target, 1), GF_Read, 0, 0, tile_side, tile_side,
                     pixels.data(), tile_side, tile_side, GDT_UInt16, 0, 0);
    GDALClose(target);
    if (warped != CE_None || read != CE_None)
      throw failure(ErrorKind::internal, "GDAL could not warp a tile");
    return pixels;
  }

 private:
  static GDALDataset* create(int size, const Affine& a, int code) {
    auto* made = GetGDALDriverManager()->GetDriverByName("MEM")->Create(
        "", size, size, 1, GDT_UInt16, nullptr);
    double transform[] = {a.c, a.a, a.b, a.f, a.d, a.e};
    OGRSpatialReference system;
    system.importFromEPSG(code);
    system.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
    if (made->SetGeoTransform(transform) != CE_None ||
        made->SetSpatialRef(&system) != CE_None)
      throw failure(ErrorKind::internal, "GDAL could not place a grid");
    return made;
  }

  GDALDataset* source_;
};

int greatest_difference(const Image& ours, const std::vector<std::uint16_t>& theirs) {
  int most = 0;
  for (std::size_t i = 0; i < theirs.size(); ++i)
    most = std::max(most, std::abs(ours.values<std::uint16_t>()[i] - theirs[i]));
  return most;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// CPU microseconds a tile.
template <class Work>
double timed(const std::vector<TileId>& tiles, int count, const Work& work) {
  const auto now_us = [] {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
  };
  const double start = now_us();
  for (int i = 0; i < count; ++i) work(tiles[static_cast<std::size_t>(i) % tiles.size()]);
  return (now_us() - start) / count;
}

// Ours and GDAL's in turn; prints medians and the median of the pairs' ratios.
template <class Work, class Theirs>
void run(const char* name, const std::vector<TileId>& tiles, const Work& ours,
         const Theirs& theirs) {
  constexpr int runs = 9;
  constexpr int our_tiles = 256;
  constexpr int their_tiles = 32;
  std::vector<double> our_times;
  std::vector<double> their_times;
  std::vector<double> ratios;
  for (int i = 0; i <= runs; ++i) {
    const double a = timed(tiles, our_tiles, ours);
    const double b = timed(tiles, their_tiles, theirs);
    if (i == 0) continue;  // warm
    our_times.push_back(a);
    their_times.push_back(b);
    ratios.push_back(b / a);
  }
  fmt::print("{:<24} {:>9.1f} us {:>9.1f} us {:>7.1f}x\n", name, median(our_times),
             median(their_times), median(ratios));
}

void run_all() {
  using enum raster::Kernel;
  const auto pixels = make_pixels();
  const auto tiles = make_tiles(own_zoom);
  const Ours ours{pixels, false};
  const Ours masked{pixels, true};
  const Gdal gdal{pixels};
  const auto grid = ours.grid(tiles[0]);
  const auto by_gdal = [&](GDALResampleAlg kernel) {
    return [&gdal, kernel](const TileId& tile) { gdal.draw(tile, kernel); };
  };
  const auto by_us = [&](raster::Kernel kernel) {
    return [&ours, kernel](const TileId& tile) { ours.draw(ours.grid(tile), kernel); };
  };
  fmt::print(
      "{} points transformed a tile, {} spans; bilinear differs from GDAL by {}\n",
      grid.points(), grid.spans().size(),
      greatest_difference(ours.draw(grid, bilinear), gdal.draw(tiles[0], GRA_Bilinear)));
  const auto linear = by_gdal(GRA_Bilinear);
  run("coordinates only", tiles, [&](const TileId& tile) { ours.grid(tile); }, linear);
  run(
      "bilinear, pixels only", tiles, [&](const TileId&) { ours.draw(grid, bilinear); },
      linear);
  run("bilinear", tiles, by_us(bilinear), linear);
  run(
      "bilinear, masked", tiles,
      [&](const TileId& tile) { masked.draw(masked.grid(tile), bilinear); }, linear);
  run("nearest", tiles, by_us(nearest), by_gdal(GRA_NearestNeighbour));
  run("cubic", tiles, by_us(cubic), by_gdal(GRA_Cubic));
  run("lanczos", tiles, by_us(lanczos), by_gdal(GRA_Lanczos));
  run("average", tiles, by_us(average), by_gdal(GRA_Average));
  run(
      "half size, averaged", make_tiles(own_zoom - 1),
      [&](const TileId& tile) { ours.reduced(tile); }, by_gdal(GRA_Average));
}

}  // namespace
}  // namespace terrazzo::bench

int main() {
  GDALAllRegister();
  fmt::print(
      "{:<24} {:>12} {:>12} {:>8}   a tile, one thread; GDALReprojectImage, 0.125\n",
      "CPU time, median", "terrazzo", "GDAL", "ratio");
  try {
    terrazzo::bench::run_all();
  } catch (const terrazzo::Error& e) {
    fmt::print(stderr, "error: {}\n", e.what());
    return 1;
  }
  return 0;
}
