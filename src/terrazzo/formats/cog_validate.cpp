// Is a file a cloud-optimised GeoTIFF? The rules are those of rio-cogeo's validator and
// of GDAL's validate_cloud_optimized_geotiff.

#include <cpl_string.h>
#include <gdal.h>

#include <cstdlib>

#include "terrazzo/formats/cog.hpp"
#include "terrazzo/formats/gdal_file.hpp"

namespace terrazzo::formats {
namespace {

constexpr int small_side = 512;                // pixels; no tiles or overviews needed
constexpr std::uint64_t last_first_ifd = 300;  // bytes; GDAL's own header is shorter

struct Level {
  std::string name;
  int cols = 0;
  int rows = 0;
  std::uint64_t ifd = 0;   // byte where its directory stands; 0: unknown
  std::uint64_t data = 0;  // byte of its first block; 0: that block is not stored
  bool tiled = false;
};

std::uint64_t tiff_number(GDALRasterBandH band, const char* item) {
  const char* text = GDALGetMetadataItem(band, item, "TIFF");
  return text == nullptr ? 0 : std::strtoull(text, nullptr, 10);
}

Level level_of(GDALRasterBandH band, std::string name) {
  Level level{.name = std::move(name),
              .cols = GDALGetRasterBandXSize(band),
              .rows = GDALGetRasterBandYSize(band),
              .ifd = tiff_number(band, "IFD_OFFSET"),
              .data = tiff_number(band, "BLOCK_OFFSET_0_0")};
  int block_cols = 0;
  int block_rows = 0;
  GDALGetBlockSize(band, &block_cols, &block_rows);
  level.tiled = block_cols != level.cols || block_cols == block_rows;
  return level;
}

bool is_large(const Level& level) {
  return level.cols > small_side && level.rows > small_side;
}

bool has_outside_overviews(GDALDatasetH dataset) {
  const CPLStringList files{GDALGetFileList(dataset)};
  for (int i = 0; i < files.size(); ++i)
    if (std::string_view{files[i]}.ends_with(".ovr")) return true;
  return false;
}

void check_levels(const std::vector<Level>& levels, CogReport& report) {
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const Level& level = levels[i];
    if (is_large(level) && !level.tiled)
      report.errors.push_back(fmt::format("{} is {} x {} pixels and not tiled",
                                          level.name, level.cols, level.rows));
    if (i == 0) continue;
    const Level& before = levels[i - 1];
    if (level.cols >= before.cols && level.rows >= before.rows)
      report.errors.push_back(
          fmt::format("{} is not smaller than {}", level.name, before.name));
    if (level.ifd < before.ifd)
      report.errors.push_back(
          fmt::format("the directory of {} (byte {}) stands before that of {} (byte {})",
                      level.name, level.ifd, before.name, before.ifd));
    if (before.data != 0 && level.data != 0 && before.data < level.data)
      report.errors.push_back(
          fmt::format("the data of {} (byte {}) stand before those of {} (byte {})",
                      before.name, before.data, level.name, level.data));
  }
}

void check_ends(const std::vector<Level>& levels, CogReport& report) {
  const Level& main = levels.front();
  const Level& smallest = levels.back();
  if (main.ifd > last_first_ifd)
    report.errors.push_back(fmt::format(
        "the directory of the image starts at byte {}; it should be within the first {}",
        main.ifd, last_first_ifd));
  if (smallest.data != 0 && smallest.data < smallest.ifd)
    report.errors.push_back(
        fmt::format("the data of {} (byte {}) stand before its directory (byte {})",
                    smallest.name, smallest.data, smallest.ifd));
  if (is_large(main) && levels.size() == 1)
    report.warnings.push_back(fmt::format(
        "the image is {} x {} pixels and has no overviews; reading it from afar is slow",
        main.cols, main.rows));
}

}  // namespace

CogReport validate_cog(const std::string& uri) {
  set_up_gdal();
  const std::string path = gdal_path(uri);
  const FileIdentity identity = file_identity(path);
  const ThreadOption look_beside{"GDAL_DISABLE_READDIR_ON_OPEN", "FALSE"};
  const DatasetPtr dataset = open_dataset(path);
  const GdalErrors ignored;
  CogReport report;
  if (!is_tiff(dataset.get())) {
    report.errors.emplace_back("the file is not a GeoTIFF");
    return report;
  }

  GDALRasterBandH band = GDALGetRasterBand(dataset.get(), 1);
  std::vector<Level> levels{level_of(band, "the image")};
  if (has_outside_overviews(dataset.get())) {
    report.errors.emplace_back(
        "overviews are in an .ovr file; they should be in the file itself");
  } else {
    for (int i = 0; i < GDALGetOverviewCount(band); ++i)
      levels.push_back(level_of(GDALGetOverview(band, i), fmt::format("overview {}", i)));
  }
  check_ends(levels, report);
  check_levels(levels, report);
  if (!is_remote(path) && ends_early(dataset.get(), identity.size))
    report.errors.emplace_back("the file is truncated: its last pixels are missing");
  report.valid = report.errors.empty();
  return report;
}

}  // namespace terrazzo::formats
