#include "gdal_baseline.hpp"

#include <cpl_conv.h>
#include <cpl_string.h>
#include <cpl_vsi.h>
#include <gdal_alg.h>
#include <gdal_priv.h>
#include <gdalwarper.h>

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "terrazzo/base/error.hpp"

namespace terrazzo::bench {
namespace {

constexpr int side = 256;
constexpr std::size_t pixels = std::size_t{side} * side;
constexpr float low = 600;
constexpr float high = 2500;

using Bytes = std::vector<std::uint8_t>;

GDALDriver* driver(const char* name) {
  return GetGDALDriverManager()->GetDriverByName(name);
}

void must(bool done, std::string_view what) {
  if (!done) throw failure(ErrorKind::internal, "GDAL could not {}", what);
}

std::uint8_t stretched(float value, float from, float to) {
  const float scaled = 1 + (value - from) * 254 / (to - from);
  return static_cast<std::uint8_t>(std::nearbyint(std::clamp(scaled, 1.F, 255.F)));
}

Bytes stretched(const std::vector<float>& values) {
  Bytes bytes(pixels);
  for (std::size_t i = 0; i < pixels; ++i)
    bytes[i] = values[i] == 0 ? std::uint8_t{0} : stretched(values[i], low, high);
  return bytes;
}

void add_palette(GDALRasterBand& band) {
  GDALColorTable colors;
  for (int i = 0; i < 256; ++i) {
    const auto level = static_cast<short>(i);
    const GDALColorEntry entry{level, static_cast<short>(255 - i), 128,
                               static_cast<short>(i == 0 ? 0 : 255)};
    colors.SetColorEntry(i, &entry);
  }
  must(band.SetColorTable(&colors) == CE_None, "set a palette");
}

std::string encoded(const std::vector<Bytes>& bands, bool palette) {
  auto* picture = driver("MEM")->Create("", side, side, static_cast<int>(bands.size()),
                                        GDT_Byte, nullptr);
  for (std::size_t i = 0; i < bands.size(); ++i) {
    auto* band = picture->GetRasterBand(static_cast<int>(i) + 1);
    must(band->RasterIO(GF_Write, 0, 0, side, side,
                        const_cast<std::uint8_t*>(bands[i].data()), side, side, GDT_Byte,
                        0, 0, nullptr) == CE_None,
         "keep a tile");
    if (palette) add_palette(*band);
  }
  const char* options[] = {"ZLEVEL=1", nullptr};
  auto* png = driver("PNG")->CreateCopy("/vsimem/tile.png", picture, 0,
                                        const_cast<char**>(options), nullptr, nullptr);
  must(png != nullptr, "write a PNG");
  GDALClose(png);
  GDALClose(picture);
  vsi_l_offset size = 0;
  auto* bytes = VSIGetMemFileBuffer("/vsimem/tile.png", &size, TRUE);
  std::string out{reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)};
  CPLFree(bytes);
  return out;
}

template <class T>
T* one(T value) {
  auto* place = static_cast<T*>(CPLMalloc(sizeof(T)));
  *place = value;
  return place;
}

}  // namespace

void set_up_baseline() {
  GDALAllRegister();
  GDALSetCacheMax64(static_cast<GIntBig>(block_cache_bytes));
  CPLSetConfigOption("GDAL_DISABLE_READDIR_ON_OPEN", "EMPTY_DIR");
  CPLSetConfigOption("GDAL_PAM_ENABLED", "NO");
  fmt::print(
      "GDAL {}: block cache 1 GiB, GDAL_DISABLE_READDIR_ON_OPEN=EMPTY_DIR, every level "
      "open with its transformer, approximate to 0.125 pixel, PNG at ZLEVEL=1; "
      "the page cache is warm\n",
      GDALVersionInfo("RELEASE_NAME"));
}

void empty_block_cache() {
  while (GDALFlushCacheBlock() != 0) {
  }
}

GdalTiles::GdalTiles(const std::vector<std::string>& files) {
  for (const auto& file : files) {
    auto& levels = files_.emplace_back();
    add_level(levels, file, -1);
    auto* whole = static_cast<GDALDataset*>(levels.front().data);
    const int overviews = whole->GetRasterBand(1)->GetOverviewCount();
    for (int i = 0; i < overviews; ++i) add_level(levels, file, i);
  }
}

GdalTiles::~GdalTiles() {
  for (const auto& levels : files_)
    for (const Level& level : levels) {
      GDALDestroyGenImgProjTransformer(level.transformer);
      GDALClose(level.data);
    }
}

// overview -1 is the file itself.
void GdalTiles::add_level(std::vector<Level>& levels, const std::string& file,
                          int overview) {
  CPLStringList open_options;
  if (overview >= 0)
    open_options.SetNameValue("OVERVIEW_LEVEL", std::to_string(overview).c_str());
  void* data =
      GDALOpenEx(file.c_str(), GDAL_OF_RASTER, nullptr, open_options.List(), nullptr);
  must(data != nullptr, "open a scene");
  CPLStringList options;
  options.SetNameValue("DST_SRS", "EPSG:3857");
  void* transformer = GDALCreateGenImgProjTransformer2(data, nullptr, options.List());
  must(transformer != nullptr, "transform to web mercator");
  std::array<double, 6> grid{};
  int cols = 0;
  int rows = 0;
  must(GDALSuggestedWarpOutput(data, GDALGenImgProjTransform, transformer, grid.data(),
                               &cols, &rows) == CE_None,
       "size a scene");
  levels.push_back({data, transformer, grid[1]});
}

std::vector<float> GdalTiles::warped(const TileId& tile, std::size_t file) const {
  const Box box = mercator_box(tile);
  const double pixel = box.width() / side;
  const Level* level = &files_[file].front();
  for (const Level& coarser : files_[file])
    if (coarser.pixel <= pixel) level = &coarser;
  std::array<double, 6> grid{box.west, pixel, 0, box.north, 0, -box.height() / side};
  GDALSetGenImgProjTransformerDstGeoTransform(level->transformer, grid.data());
  auto* out = driver("MEM")->Create("", side, side, 1, GDT_UInt16, nullptr);

  auto* options = GDALCreateWarpOptions();
  options->hSrcDS = level->data;
  options->hDstDS = out;
  options->eResampleAlg = GRA_Bilinear;
  options->nBandCount = 1;
  options->panSrcBands = one(1);
  options->panDstBands = one(1);
  options->padfSrcNoDataReal = one(0.0);
  options->papszWarpOptions =
      CSLSetNameValue(options->papszWarpOptions, "INIT_DEST", "0");
  options->pfnTransformer = GDALApproxTransform;
  options->pTransformerArg =
      GDALCreateApproxTransformer(GDALGenImgProjTransform, level->transformer, 0.125);
  GDALWarpOperation operation;
  must(operation.Initialize(options) == CE_None &&
           operation.ChunkAndWarpImage(0, 0, side, side) == CE_None,
       "warp a tile");
  GDALDestroyApproxTransformer(options->pTransformerArg);
  GDALDestroyWarpOptions(options);

  std::vector<float> values(pixels);
  const auto read = out->GetRasterBand(1)->RasterIO(
      GF_Read, 0, 0, side, side, values.data(), side, side, GDT_Float32, 0, 0, nullptr);
  GDALClose(out);
  must(read == CE_None, "read a tile");
  return values;
}

std::string GdalTiles::draw(const TileId& tile,
                            std::span<const std::size_t> files) const {
  std::vector<Bytes> bands;
  for (const std::size_t file : files) bands.push_back(stretched(warped(tile, file)));
  return encoded(bands, bands.size() == 1);
}

std::string GdalTiles::draw_index(const TileId& tile, std::size_t a,
                                  std::size_t b) const {
  const auto first = warped(tile, a);
  const auto second = warped(tile, b);
  Bytes bytes(pixels);
  for (std::size_t i = 0; i < pixels; ++i)
    bytes[i] = first[i] == 0 || second[i] == 0
                   ? std::uint8_t{0}
                   : stretched((first[i] - second[i]) / (first[i] + second[i]), -1, 1);
  return encoded({bytes}, false);
}

std::vector<std::uint8_t> decoded(const std::string& png) {
  Bytes file(png.begin(), png.end());
  VSIFCloseL(
      VSIFileFromMemBuffer("/vsimem/decoded.png", file.data(), file.size(), FALSE));
  auto* data = static_cast<GDALDataset*>(GDALOpen("/vsimem/decoded.png", GA_ReadOnly));
  must(data != nullptr, "open a PNG");
  const auto bands = static_cast<std::size_t>(data->GetRasterCount());
  Bytes values(bands * pixels);
  const auto read =
      data->RasterIO(GF_Read, 0, 0, side, side, values.data(), side, side, GDT_Byte,
                     static_cast<int>(bands), nullptr, 0, 0, 0, nullptr);
  GDALClose(data);
  VSIUnlink("/vsimem/decoded.png");
  must(read == CE_None, "read a PNG");
  return values;
}

Figures gdal_statistics(const std::string& path) {
  auto* file = static_cast<GDALDataset*>(GDALOpen(path.c_str(), GA_ReadOnly));
  must(file != nullptr, "open a scene");
  Figures figures;
  double stdev = 0;
  std::vector<GUIntBig> counts(65536);
  auto* band = file->GetRasterBand(1);
  const bool done =
      band->ComputeStatistics(FALSE, &figures.low, &figures.high, &figures.mean, &stdev,
                              nullptr, nullptr) == CE_None &&
      band->GetHistogram(-0.5, 65535.5, 65536, counts.data(), FALSE, FALSE, nullptr,
                         nullptr) == CE_None;
  GDALClose(file);
  must(done, "compute statistics");
  return figures;
}

void gdal_cog(const std::string& in, const std::string& out,
              const std::string& compression, const std::string& level) {
  auto* file = static_cast<GDALDataset*>(GDALOpen(in.c_str(), GA_ReadOnly));
  must(file != nullptr, "open a scene");
  CPLStringList options;
  options.SetNameValue("COMPRESS", compression.c_str());
  if (!level.empty()) options.SetNameValue("LEVEL", level.c_str());
  options.SetNameValue("BLOCKSIZE", "256");
  options.SetNameValue("NUM_THREADS", "ALL_CPUS");
  options.SetNameValue("OVERVIEW_RESAMPLING", "AVERAGE");
  auto* made = driver("COG")->CreateCopy(out.c_str(), file, FALSE, options.List(),
                                         nullptr, nullptr);
  must(made != nullptr, "write a COG");
  GDALClose(made);
  GDALClose(file);
}

}  // namespace terrazzo::bench
