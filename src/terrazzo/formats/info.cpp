#include "terrazzo/formats/info.hpp"

#include <cmath>

namespace terrazzo::formats {
namespace {

// JSON has no NaN and no infinity.
Json number(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

Json crs_json(const Crs& crs) {
  Json json{{"name", crs.name()}};
  if (const auto code = crs.epsg_code()) json["epsg"] = *code;
  json["wkt"] = crs.wkt();
  return json;
}

Json band_json(const io::BandInfo& band) {
  Json json{{"type", name_of(band.type)}};
  if (band.nodata) json["nodata"] = number(*band.nodata);
  if (!band.description.empty()) json["description"] = band.description;
  if (band.scale != 1) json["scale"] = number(band.scale);
  if (band.offset != 0) json["offset"] = number(band.offset);
  for (const Color& color : band.color_table)
    json["color_table"].push_back({color.r, color.g, color.b, color.a});
  for (const auto& [value, label] : band.labels)
    json["labels"].push_back({{"value", number(value)}, {"label", label}});
  return json;
}

}  // namespace

Json info_json(const io::RasterInfo& info) {
  Json json{{"format", info.format}, {"rows", info.rows}, {"cols", info.cols}};
  const Affine& t = info.affine;
  json["transform"] = {t.a, t.b, t.c, t.d, t.e, t.f};
  const Box box = bounds_of(t, info.rows, info.cols);
  json["bounds"] = {box.west, box.south, box.east, box.north};
  if (info.crs) json["crs"] = crs_json(*info.crs);
  json["block"] = {{"rows", info.block_rows}, {"cols", info.block_cols}};
  json["overviews"] = info.overviews;
  if (!info.compression.empty()) json["compression"] = info.compression;
  json["mask"] = info.has_mask;
  json["bands"] = Json::array();
  for (const io::BandInfo& band : info.bands) json["bands"].push_back(band_json(band));
  return json;
}

}  // namespace terrazzo::formats
