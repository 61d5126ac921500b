#include "terrazzo/formats/samples.hpp"

#include <cpl_string.h>
#include <doctest/doctest.h>
#include <gdal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>

#include "terrazzo/formats/gdal_session.hpp"

namespace terrazzo::formats {
namespace {

GDALDataType gdal_type(ElementType type) {
  switch (type) {
    case ElementType::uint8:
      return GDT_Byte;
    case ElementType::uint16:
      return GDT_UInt16;
    case ElementType::int16:
      return GDT_Int16;
    case ElementType::uint32:
      return GDT_UInt32;
    case ElementType::int32:
      return GDT_Int32;
    case ElementType::uint64:
      return GDT_UInt64;
    case ElementType::int64:
      return GDT_Int64;
    case ElementType::int8:  // with the option PIXELTYPE=SIGNEDBYTE
      return GDT_Byte;
    case ElementType::float32:
      return GDT_Float32;
    default:
      return GDT_Float64;
  }
}

void write_row(GDALRasterBandH band, std::size_t row, std::vector<double>& values) {
  const int cols = static_cast<int>(values.size());
  REQUIRE(GDALRasterIO(band, GF_Write, 0, static_cast<int>(row), cols, 1, values.data(),
                       cols, 1, GDT_Float64, 0, 0) == CE_None);
}

void write_band(GDALDatasetH dataset, const Sample& sample, int number) {
  GDALRasterBandH band = GDALGetRasterBand(dataset, number);
  if (sample.nodata) GDALSetRasterNoDataValue(band, *sample.nodata);
  std::vector<double> values(sample.cols);
  for (std::size_t row = 0; row < sample.rows; ++row) {
    for (std::size_t col = 0; col < sample.cols; ++col)
      values[col] = sample.value(number, row, col);
    write_row(band, row, values);
  }
}

void write_mask(GDALDatasetH dataset, const Sample& sample) {
  REQUIRE(GDALCreateDatasetMaskBand(dataset, GMF_PER_DATASET) == CE_None);
  GDALRasterBandH mask = GDALGetMaskBand(GDALGetRasterBand(dataset, 1));
  std::vector<double> values(sample.cols);
  for (std::size_t row = 0; row < sample.rows; ++row) {
    for (std::size_t col = 0; col < sample.cols; ++col)
      values[col] = sample.masked(row, col) ? 0 : 255;
    write_row(mask, row, values);
  }
}

}  // namespace

SampleFolder::SampleFolder() {
  static std::atomic<int> count = 0;
  path_ =
      std::filesystem::temp_directory_path() /
      ("terrazzo-formats-" + std::to_string(::getpid()) + "-" + std::to_string(++count));
  std::filesystem::create_directories(path_);
}

SampleFolder::~SampleFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<std::string> SampleFolder::files() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator{path_})
    names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

void write_sample(const std::filesystem::path& path, const Sample& sample) {
  set_up_gdal();
  CPLStringList options;
  for (const std::string& option : sample.options) options.AddString(option.c_str());
  if (sample.last_is_alpha) options.AddString("ALPHA=YES");
  const DatasetPtr dataset{GDALCreate(GDALGetDriverByName("GTiff"), path.c_str(),
                                      static_cast<int>(sample.cols),
                                      static_cast<int>(sample.rows), sample.bands,
                                      gdal_type(sample.type), options.List())};
  REQUIRE(dataset);
  if (sample.affine) {
    const Affine& t = *sample.affine;
    std::array<double, 6> gt{t.c, t.a, t.b, t.f, t.d, t.e};
    GDALSetGeoTransform(dataset.get(), gt.data());
  }
  if (!sample.crs.empty())
    GDALSetProjection(dataset.get(), Crs::from(sample.crs).wkt().c_str());
  if (sample.last_is_alpha)
    GDALSetRasterColorInterpretation(GDALGetRasterBand(dataset.get(), sample.bands),
                                     GCI_AlphaBand);
  for (int band = 1; band <= sample.bands; ++band)
    write_band(dataset.get(), sample, band);
  if (sample.masked) write_mask(dataset.get(), sample);
  std::vector<int> factors = sample.overviews;
  if (!factors.empty())
    REQUIRE(GDALBuildOverviews(dataset.get(), "AVERAGE", static_cast<int>(factors.size()),
                               factors.data(), 0, nullptr, nullptr, nullptr) == CE_None);
}

void write_huge(const std::filesystem::path& path) {
  set_up_gdal();
  constexpr int side = 60'000;
  CPLStringList options;
  options.AddString("TILED=YES");
  options.AddString("SPARSE_OK=TRUE");
  const DatasetPtr dataset{GDALCreate(GDALGetDriverByName("GTiff"), path.c_str(), side,
                                      side, 1, GDT_Byte, options.List())};
  REQUIRE(dataset);
  std::array<double, 6> placed{0, 10, 0, 0, 0, -10};
  GDALSetGeoTransform(dataset.get(), placed.data());
  GDALSetProjection(dataset.get(), Crs::web_mercator().wkt().c_str());
}

void truncate_sample(const std::filesystem::path& path, double part) {
  const auto size = static_cast<double>(std::filesystem::file_size(path));
  std::filesystem::resize_file(path, static_cast<std::uintmax_t>(size * part));
}

}  // namespace terrazzo::formats
