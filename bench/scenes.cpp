#include "scenes.hpp"

#include <fmt/format.h>
#include <gdal_priv.h>
#include <ogr_spatialref.h>
#include <unistd.h>

#include <cmath>
#include <random>
#include <vector>

#include "terrazzo/base/error.hpp"

namespace terrazzo::bench {

Scratch::Scratch()
    : folder_(std::filesystem::temp_directory_path() /
              fmt::format("terrazzo-bench-{}", ::getpid())) {
  std::filesystem::create_directories(folder_);
}

Scratch::~Scratch() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void make_scene(const std::string& path, int side, unsigned seed) {
  GDALAllRegister();
  auto* driver = GetGDALDriverManager()->GetDriverByName("GTiff");
  const char* options[] = {"COMPRESS=DEFLATE", "ZLEVEL=1", nullptr};
  auto* file = driver->Create(path.c_str(), side, side, 1, GDT_UInt16,
                              const_cast<char**>(options));
  if (file == nullptr)
    throw failure(ErrorKind::unavailable, "cannot write the scene {}", path);
  double affine[] = {400000, 10, 0, 5900000, 0, -10};
  file->SetGeoTransform(affine);
  OGRSpatialReference utm;
  utm.importFromEPSG(32633);
  file->SetSpatialRef(&utm);
  file->GetRasterBand(1)->SetNoDataValue(0);
  std::mt19937 random{seed};
  std::uniform_real_distribution<double> noise{0, 64};
  std::vector<std::uint16_t> row(static_cast<std::size_t>(side));
  for (int r = 0; r < side; ++r) {
    for (int c = 0; c < side; ++c) {
      const double terrain = 1500 + 900 * std::sin(r / 97.0 + seed) * std::cos(c / 131.0);
      const bool outside = c < r / 16;
      row[static_cast<std::size_t>(c)] =
          outside ? std::uint16_t{0}
                  : static_cast<std::uint16_t>(terrain + noise(random));
    }
    if (file->GetRasterBand(1)->RasterIO(GF_Write, 0, r, side, 1, row.data(), side, 1,
                                         GDT_UInt16, 0, 0, nullptr) != CE_None)
      throw failure(ErrorKind::unavailable, "cannot write the scene {}", path);
  }
  GDALClose(file);
}

}  // namespace terrazzo::bench
