#include "gdal_remote.hpp"

#include <cpl_conv.h>
#include <cpl_string.h>
#include <cpl_vsi.h>
#include <gdal_priv.h>
#include <gdal_utils.h>

#include <array>
#include <memory>

#include <fmt/format.h>

#include "gdal_baseline.hpp"
#include "terrazzo/base/error.hpp"

namespace terrazzo::bench {
namespace {

constexpr int side = 256;

constexpr std::array<std::array<const char*, 2>, 9> settings{{
    {"GDAL_DISABLE_READDIR_ON_OPEN", "EMPTY_DIR"},
    {"CPL_VSIL_CURL_ALLOWED_EXTENSIONS", ".tif"},
    {"CPL_VSIL_CURL_USE_HEAD", "NO"},
    {"GDAL_INGESTED_BYTES_AT_OPEN", "32768"},
    {"GDAL_HTTP_MULTIRANGE", "YES"},
    {"GDAL_HTTP_MERGE_CONSECUTIVE_RANGES", "YES"},
    {"VSI_CACHE", "TRUE"},
    {"GDAL_NUM_THREADS", "ALL_CPUS"},
    {"CPL_VSIL_CURL_CHUNK_SIZE", "65536"},
}};

struct Close {
  void operator()(void* data) const { GDALClose(data); }
};
using Dataset = std::unique_ptr<void, Close>;

void must(bool done, std::string_view what) {
  if (!done) throw failure(ErrorKind::internal, "GDAL could not {}", what);
}

Dataset warped(void* from, const TileId& tile) {
  const Box box = mercator_box(tile);
  CPLStringList words;
  for (const std::string& word :
       {std::string{"-of"}, std::string{"MEM"}, std::string{"-t_srs"},
        std::string{"EPSG:3857"}, std::string{"-r"}, std::string{"bilinear"},
        std::string{"-et"}, std::string{"0.125"}, std::string{"-te"},
        fmt::format("{:.9f}", box.west), fmt::format("{:.9f}", box.south),
        fmt::format("{:.9f}", box.east), fmt::format("{:.9f}", box.north),
        std::string{"-ts"}, std::to_string(side), std::to_string(side)})
    words.AddString(word.c_str());
  GDALWarpAppOptions* options = GDALWarpAppOptionsNew(words.List(), nullptr);
  GDALDatasetH sources[] = {from};
  int failed = 0;
  Dataset out{GDALWarp("", nullptr, 1, sources, options, &failed)};
  GDALWarpAppOptionsFree(options);
  must(out != nullptr && failed == 0, "warp a tile");
  return out;
}

}  // namespace

void set_up_remote_baseline() {
  std::string shown;
  for (const auto& [name, value] : settings) {
    CPLSetConfigOption(name, value);
    shown += fmt::format(" {}={}", name, value);
  }
  fmt::print("GDAL for the network:{}\n", shown);
}

void forget_remote() {
  VSICurlClearCache();
  empty_block_cache();
}

std::vector<std::vector<std::uint16_t>> gdal_tiles(const std::string& url,
                                                   std::span<const TileId> tiles) {
  const Dataset file{
      GDALOpenEx(("/vsicurl/" + url).c_str(), GDAL_OF_RASTER, nullptr, nullptr, nullptr)};
  must(file != nullptr, "open a scene over HTTP");
  std::vector<std::vector<std::uint16_t>> out;
  for (const TileId& tile : tiles) {
    const Dataset picture = warped(file.get(), tile);
    auto& values = out.emplace_back(std::size_t{side} * side);
    auto* band = static_cast<GDALDataset*>(picture.get())->GetRasterBand(1);
    must(band->RasterIO(GF_Read, 0, 0, side, side, values.data(), side, side, GDT_UInt16,
                        0, 0, nullptr) == CE_None,
         "read a tile");
  }
  return out;
}

}  // namespace terrazzo::bench
