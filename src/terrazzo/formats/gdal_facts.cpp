// What a file holds, read once per open handle.

#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "terrazzo/base/fields.hpp"
#include "terrazzo/formats/gdal_file.hpp"
#include "terrazzo/formats/gdal_library.hpp"
#include "terrazzo/io/nodata.hpp"

namespace terrazzo::formats {
namespace {

constexpr const char* class_names_item = "CLASS_NAMES";

bool is_signed_byte(GDALRasterBandH band) {
  const char* pixel_type = GDALGetMetadataItem(band, "PIXELTYPE", "IMAGE_STRUCTURE");
  return pixel_type != nullptr && EQUAL(pixel_type, "SIGNEDBYTE");
}

ElementType element_type_of(GDALRasterBandH band, const std::string& name) {
  using enum ElementType;
  const GDALDataType type = GDALGetRasterDataType(band);
  switch (type) {
    case GDT_Byte:
      return is_signed_byte(band) ? int8 : uint8;
    case GDT_UInt16:
      return uint16;
    case GDT_Int16:
      return int16;
    case GDT_UInt32:
      return uint32;
    case GDT_Int32:
      return int32;
    case GDT_UInt64:
      return uint64;
    case GDT_Int64:
      return int64;
    case GDT_Float32:
      return float32;
    case GDT_Float64:
      return float64;
    default:
      break;
  }
#if GDAL_VERSION_NUM >= GDAL_COMPUTE_VERSION(3, 7, 0)
  if (type == GDT_Int8) return int8;
#endif
  throw failure(ErrorKind::unsupported,
                "'{}' holds pixels of type {}, which cannot be shown", name,
                GDALGetDataTypeName(type));
}

// Not for integers of 64 bits, whose limits are no doubles.
// A value the type cannot hold masks nothing, so it counts as none.
void read_nodata(GDALRasterBandH band, io::BandInfo& info) {
  int set = FALSE;
  if (info.type == ElementType::int64) {
    const auto value = GDALGetRasterNoDataValueAsInt64(band, &set);
    if (set == FALSE) return;
    info.nodata = static_cast<double>(value);
    info.nodata_bits = static_cast<std::uint64_t>(value);
  } else if (info.type == ElementType::uint64) {
    const std::uint64_t value = GDALGetRasterNoDataValueAsUInt64(band, &set);
    if (set == FALSE) return;
    info.nodata = static_cast<double>(value);
    info.nodata_bits = value;
  } else {
    const double value = GDALGetRasterNoDataValue(band, &set);
    if (set != FALSE && io::type_holds(info.type, value)) info.nodata = value;
  }
}

std::vector<Color> color_table_of(GDALRasterBandH band) {
  std::vector<Color> colors;
  GDALColorTableH table = GDALGetRasterColorTable(band);
  if (table == nullptr) return colors;
  const int count = GDALGetColorEntryCount(table);
  for (int i = 0; i < count; ++i) {
    GDALColorEntry entry{};
    GDALGetColorEntryAsRGB(table, i, &entry);
    const auto byte = [](short part) { return static_cast<std::uint8_t>(part); };
    colors.push_back({byte(entry.c1), byte(entry.c2), byte(entry.c3), byte(entry.c4)});
  }
  return colors;
}

int column_for(GDALRasterAttributeTableH table,
               std::initializer_list<GDALRATFieldUsage> usages) {
  for (const GDALRATFieldUsage usage : usages)
    if (const int column = GDALRATGetColOfUsage(table, usage); column >= 0) return column;
  return -1;
}

// Tables of ERDAS Imagine name no column for what it is, and row i is of value i.
int first_text_column(GDALRasterAttributeTableH table) {
  for (int column = 0; column < GDALRATGetColumnCount(table); ++column)
    if (GDALRATGetTypeOfCol(table, column) == GFT_String) return column;
  return -1;
}

// What keep_labels() wrote into a file of ours; what is not understood is left out.
std::map<double, std::string> kept_labels(GDALRasterBandH band) {
  std::map<double, std::string> labels;
  const char* text = GDALGetMetadataItem(band, class_names_item, nullptr);
  if (text == nullptr) return labels;
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return labels;
  for (const auto& [key, label] : json.items())
    if (label.is_string()) labels[CPLAtof(key.c_str())] = label.get<std::string>();
  return labels;
}

std::map<double, std::string> labels_of(GDALRasterBandH band) {
  std::map<double, std::string> labels = kept_labels(band);
  char** names = GDALGetRasterCategoryNames(band);
  for (int i = 0; i < CSLCount(names); ++i)
    if (names[i][0] != '\0') labels[i] = names[i];
  GDALRasterAttributeTableH table = GDALGetDefaultRAT(band);
  if (table == nullptr) return labels;
  const int value = column_for(table, {GFU_MinMax, GFU_Min});
  int name = column_for(table, {GFU_Name});
  if (name < 0) name = first_text_column(table);
  if (name < 0) return labels;
  for (int row = 0; row < GDALRATGetRowCount(table); ++row)
    if (const char* text = GDALRATGetValueAsString(table, row, name); text[0] != '\0')
      labels[value < 0 ? row : GDALRATGetValueAsDouble(table, row, value)] = text;
  return labels;
}

}  // namespace

void keep_labels(void* dataset, int band, const std::map<double, std::string>& labels) {
  if (labels.empty()) return;
  Json json = Json::object();
  for (const auto& [value, label] : labels) json[fmt::format("{}", value)] = label;
  GDALSetMetadataItem(GDALGetRasterBand(dataset, band), class_names_item,
                      json.dump(-1, ' ', false, Json::error_handler_t::replace).c_str(),
                      nullptr);
}

namespace {

io::BandInfo band_info(GDALRasterBandH band, const std::string& name) {
  io::BandInfo info{.type = element_type_of(band, name)};
  read_nodata(band, info);
  info.description = GDALGetDescription(band);
  int set = FALSE;
  if (const double scale = GDALGetRasterScale(band, &set); set != FALSE)
    info.scale = scale;
  if (const double offset = GDALGetRasterOffset(band, &set); set != FALSE)
    info.offset = offset;
  info.color_table = color_table_of(band);
  info.labels = labels_of(band);
  return info;
}

// Class names live in a file beside the raster, which is not looked for on open.
void add_labels_from_beside(const std::string& path, std::vector<io::BandInfo>& bands) {
  const std::string beside = path + ".aux.xml";
  VSIStatBufL stat{};
  if (is_remote(path) || VSIStatL(beside.c_str(), &stat) != 0) return;
  const GdalErrors ignored;
  const ThreadOption look{"GDAL_DISABLE_READDIR_ON_OPEN", "FALSE"};
  const ThreadOption side_files{"GDAL_PAM_ENABLED",
                                "YES"};  // write_cog switches them off
  const DatasetPtr dataset{GDALOpenEx(path.c_str(), GDAL_OF_RASTER | GDAL_OF_READONLY,
                                      nullptr, nullptr, nullptr)};
  if (!dataset) return;
  GDALGetSpatialRef(dataset.get());  // makes the TIFF driver read the file beside it
  for (std::size_t i = 0; i < bands.size(); ++i)
    if (bands[i].labels.empty())
      bands[i].labels =
          labels_of(GDALGetRasterBand(dataset.get(), static_cast<int>(i) + 1));
}

// The grid; else that of ground control points which lie on one.
bool read_transform(GDALDatasetH dataset, std::array<double, 6>& gt) {
  if (GDALGetGeoTransform(dataset, gt.data()) == CE_None) return true;
  return GDALGetGCPCount(dataset) >= 3 &&
         GDALGCPsToGeoTransform(GDALGetGCPCount(dataset), GDALGetGCPs(dataset), gt.data(),
                                FALSE) != FALSE;
}

std::string wkt_of(GDALDatasetH dataset) {
  OGRSpatialReferenceH system = GDALGetSpatialRef(dataset);
  if (system == nullptr) system = GDALGetGCPSpatialRef(dataset);
  if (system == nullptr) return {};
  const std::array<const char*, 2> options{"FORMAT=WKT2_2019", nullptr};
  char* text = nullptr;
  const bool done = OSRExportToWktEx(system, &text, options.data()) == OGRERR_NONE;
  std::string wkt = done && text != nullptr ? text : "";
  CPLFree(text);
  return wkt;
}

void read_georeference(GDALDatasetH dataset, FileFacts& facts) {
  std::array<double, 6> gt{};
  if (!read_transform(dataset, gt)) return;
  facts.info.affine = {gt[1], gt[2], gt[0], gt[4], gt[5], gt[3]};
  facts.wkt = wkt_of(dataset);
  if (facts.wkt.empty()) return;
  try {
    facts.info.crs = Crs::from(facts.wkt);
  } catch (const Error&) {  // a system PROJ does not know places the raster nowhere
    facts.wkt.clear();
  }
}

std::optional<std::uint64_t> tiff_number(GDALRasterBandH band, const std::string& item) {
  const char* text = GDALGetMetadataItem(band, item.c_str(), "TIFF");
  if (text == nullptr) return std::nullopt;
  return std::strtoull(text, nullptr, 10);
}

// Throws too_large: GDAL would hold one of the blocks, whatever part of it is wanted.
void check_block(const io::RasterInfo& info) {
  constexpr std::size_t most = std::size_t{1} << 30U;
  const std::size_t pixel = info.bands.empty() ? 1 : size_of(info.bands.front().type);
  if (info.block_rows == 0 || info.block_cols <= most / pixel / info.block_rows) return;
  throw failure(ErrorKind::too_large,
                "the blocks of this raster, {} x {} pixels, are too large to be read",
                info.block_rows, info.block_cols);
}

void read_layout(GDALDatasetH dataset, io::RasterInfo& info) {
  GDALRasterBandH band = GDALGetRasterBand(dataset, 1);
  int block_cols = 0;
  int block_rows = 0;
  GDALGetBlockSize(band, &block_cols, &block_rows);
  info.block_cols = static_cast<std::size_t>(block_cols);
  info.block_rows = static_cast<std::size_t>(block_rows);
  for (int i = 0; i < GDALGetOverviewCount(band); ++i) {
    const int cols = GDALGetRasterBandXSize(GDALGetOverview(band, i));
    const double factor = static_cast<double>(info.cols) / std::max(cols, 1);
    info.overviews.push_back(static_cast<std::size_t>(std::lround(factor)));
  }
  info.format = GDALGetDriverShortName(GDALGetDatasetDriver(dataset));
  if (const char* how = GDALGetMetadataItem(dataset, "COMPRESSION", "IMAGE_STRUCTURE"))
    info.compression = how;
}

}  // namespace

bool ends_early(void* dataset, std::uint64_t size) {
  if (!is_tiff(dataset)) return false;
  GDALRasterBandH band = GDALGetRasterBand(dataset, 1);
  int cols = 1;
  int rows = 1;
  GDALGetBlockSize(band, &cols, &rows);
  const std::string last = std::to_string((GDALGetRasterBandXSize(band) - 1) / cols) +
                           "_" +
                           std::to_string((GDALGetRasterBandYSize(band) - 1) / rows);
  const auto start = tiff_number(band, "BLOCK_OFFSET_" + last);
  const auto bytes = tiff_number(band, "BLOCK_SIZE_" + last);
  return start && bytes && *start + *bytes > size;
}

std::shared_ptr<const FileFacts> read_facts(void* dataset, const std::string& path,
                                            const FileIdentity& identity) {
  const GdalErrors errors;
  const auto facts = std::make_shared<FileFacts>();
  facts->path = path;
  facts->identity = identity;
  io::RasterInfo& info = facts->info;
  info.rows = static_cast<std::size_t>(GDALGetRasterYSize(dataset));
  info.cols = static_cast<std::size_t>(GDALGetRasterXSize(dataset));
  read_layout(dataset, info);
  read_georeference(dataset, *facts);

  const std::string name = facts->name();
  for (int i = 1; i <= GDALGetRasterCount(dataset); ++i) {
    GDALRasterBandH band = GDALGetRasterBand(dataset, i);
    info.bands.push_back(band_info(band, name));
    const int flags = GDALGetMaskFlags(band);
    facts->has_mask.push_back((flags & (GMF_ALL_VALID | GMF_NODATA)) == 0);
    info.has_mask = info.has_mask || (flags & (GMF_PER_DATASET | GMF_ALPHA)) != 0;
    if (GDALGetRasterColorInterpretation(band) == GCI_AlphaBand) facts->alpha_band = i;
  }
  info.has_mask = info.has_mask || facts->alpha_band != 0;
  check_block(info);
  add_labels_from_beside(path, info.bands);
  if (!is_remote(path) && ends_early(dataset, identity.size))
    throw errors.explain(failure(ErrorKind::corrupt_data,
                                 "'{}' is truncated: its last pixels are missing", name));
  return facts;
}

}  // namespace terrazzo::formats
