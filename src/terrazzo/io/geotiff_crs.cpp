// GeoKeys: what reference system a TIFF is in and where its pixels lie (OGC 19-008r4).

#include <geotiff/geo_normalize.h>
#include <geotiff/geo_simpletags.h>
#include <geotiff/geovalues.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "terrazzo/base/text.hpp"
#include "terrazzo/data/known_systems.hpp"
#include "terrazzo/io/geotiff.hpp"

namespace terrazzo::io {
namespace {

enum Key : std::uint16_t {
  model_type = 1024,
  raster_type = 1025,
  citation = 1026,
  geodetic_crs = 2048,
  geodetic_citation = 2049,
  projected_crs = 3072,
  projected_citation = 3073,
  projected_units = 3076,
};
constexpr std::uint16_t geographic_model = 2;
constexpr std::uint16_t pixel_is_point = 2;
constexpr std::uint16_t user_defined = 32767;
constexpr std::size_t key_words = 4;  // id, where, count, value

// The value of a key that is a number by itself; 0: there is none.
std::uint16_t key_value(const std::vector<std::uint16_t>& keys, Key key) {
  for (std::size_t i = key_words; i + key_words <= keys.size(); i += key_words)
    if (keys[i] == key && keys[i + 1] == 0) return keys[i + 3];
  return 0;
}

// The text of a key; empty: there is none.
std::string_view key_text(const TiffTags& tags, Key key) {
  constexpr std::uint16_t text_tag = 34737;
  const auto& keys = tags.geo_keys;
  for (std::size_t i = key_words; i + key_words <= keys.size(); i += key_words)
    if (keys[i] == key && keys[i + 1] == text_tag && keys[i + 3] <= tags.geo_text.size())
      return std::string_view{tags.geo_text}.substr(keys[i + 3], keys[i + 2]);
  return {};
}

std::optional<Crs> known(std::uint16_t epsg) {
  if (epsg == 0 || epsg >= user_defined) return std::nullopt;
  try {
    return Crs::epsg(epsg);
  } catch (const Error&) {
    return std::nullopt;
  }
}

struct FreeTags {
  void operator()(ST_TIFF* tags) const { ST_Destroy(tags); }
};
struct FreeKeys {
  void operator()(GTIF* keys) const { GTIFFree(keys); }
};
struct FreeDefinition {
  void operator()(GTIFDefn* definition) const { GTIFFreeDefn(definition); }
};
struct FreeText {
  void operator()(char* text) const { GTIFFreeMemory(text); }
};

[[noreturn]] void leave(std::string_view what) {
  throw failure(ErrorKind::unsupported, "this TIFF has a reference system of its own, {}",
                what);
}

// PROJ's word for a datum. Throws unsupported: it has none.
std::string_view datum_word(int code) {
  switch (code) {
    case 6326:
      return "+datum=WGS84";
    case 6269:
      return "+datum=NAD83";
    case 6267:
      return "+datum=NAD27";
    default:
      leave(fmt::format("on datum {}", code));
  }
}

// libgeotiff writes only the ellipsoid, so the datum's own words take its place.
std::string with_datum(std::string_view proj, int datum) {
  std::string out;
  for (const std::string_view part : split(proj, ' ')) {
    bool is_shape = false;
    for (const std::string_view start : {"+ellps=", "+a=", "+b=", "+rf="})
      is_shape = is_shape || part.starts_with(start);
    if (!part.empty() && !is_shape) out += std::string{part} + ' ';
  }
  return out + std::string{datum_word(datum)};
}

// libgeotiff writes its text into a place of fixed size: no system of this world has
// numbers that would not fit.
bool is_sane(const GTIFDefn& definition) {
  constexpr double most = 1e10;
  std::vector<double> numbers{definition.SemiMajor, definition.SemiMinor,
                              definition.PMLongToGreenwich, definition.UOMLengthInMeters,
                              definition.UOMAngleInDegrees};
  numbers.insert(numbers.end(), std::begin(definition.ProjParm),
                 std::end(definition.ProjParm));
  numbers.insert(numbers.end(), std::begin(definition.TOWGS84),
                 std::end(definition.TOWGS84));
  return std::all_of(numbers.begin(), numbers.end(),
                     [](double number) { return std::abs(number) < most; });
}

// The system in Esri's words, which programs write where keys cannot say it.
std::optional<Crs> esri_crs(const TiffTags& tags) {
  constexpr std::string_view start = "ESRI PE String = ";
  for (const Key key : {projected_citation, citation}) {
    std::string_view text = key_text(tags, key);
    if (!text.starts_with(start)) continue;
    text.remove_prefix(start.size());
    try {
      return Crs::from(text.substr(0, text.find('|')));
    } catch (const Error&) {
      leave("in words that PROJ does not know");
    }
  }
  return std::nullopt;
}

// Projections that libgeotiff hands to PROJ as GDAL does; of others it drops or renames
// parameters.
bool is_trusted(int method) {
  return method == CT_TransverseMercator || method == CT_LambertConfConic_2SP ||
         method == CT_LambertAzimEqualArea || method == CT_AlbersEqualArea ||
         method == CT_PolarStereographic;
}

// Whether the file says that there is no more to its datum than the ellipsoid.
bool is_datum_unknown(const TiffTags& tags) {
  const std::string words = lower_case(key_text(tags, geodetic_citation));
  return words.find("datum = unknown") != std::string::npos;
}

void check_projection(const GTIFDefn& definition) {
  if (!is_sane(definition)) leave("with absurd numbers");
  if (definition.Model != ModelTypeProjected || !is_trusted(definition.CTProjection))
    leave(fmt::format("projected by method {}", definition.CTProjection));
  if (definition.UOMLength != Linear_Meter || definition.PMLongToGreenwich != 0 ||
      definition.TOWGS84Count != 0)
    leave("not in metres, or not from Greenwich, or shifted");
}

// Projections that no code stands for, through libgeotiff.
Crs user_crs(const TiffTags& tags) {
  const std::unique_ptr<ST_TIFF, FreeTags> simple{ST_Create()};
  std::vector<std::uint16_t> keys = tags.geo_keys;
  std::vector<double> doubles = tags.geo_doubles;
  std::string text = tags.geo_text;
  ST_SetKey(simple.get(), 34735, static_cast<int>(keys.size()), STT_SHORT, keys.data());
  if (!doubles.empty())
    ST_SetKey(simple.get(), 34736, static_cast<int>(doubles.size()), STT_DOUBLE,
              doubles.data());
  if (!text.empty())
    ST_SetKey(simple.get(), 34737, static_cast<int>(text.size() + 1), STT_ASCII,
              text.data());
  const std::unique_ptr<GTIF, FreeKeys> parsed{GTIFNewSimpleTags(simple.get())};
  const std::unique_ptr<GTIFDefn, FreeDefinition> definition{GTIFAllocDefn()};
  if (!parsed || !definition || GTIFGetDefn(parsed.get(), definition.get()) == 0)
    leave("whose keys cannot be read");
  check_projection(*definition);
  const std::unique_ptr<char, FreeText> proj{GTIFGetProj4Defn(definition.get())};
  std::string words = proj ? proj.get() : "";
  const bool unnamed = definition->Datum == user_defined && is_datum_unknown(tags);
  if (!unnamed) words = with_datum(words, definition->Datum);
  try {
    return Crs::from(words);
  } catch (const Error&) {
    leave("which PROJ does not know");
  }
}

// Metres of one unit along the axes of a projected system, from its WKT; 0: not found.
double metres_per_unit(const Crs& crs) {
  const std::string& wkt = crs.wkt();
  const auto axes = wkt.find("CS[Cartesian");
  const auto unit = wkt.find("LENGTHUNIT[", std::min(axes, wkt.size()));
  const auto number = wkt.find("\",", std::min(unit, wkt.size()));
  if (number == std::string::npos) return 0;
  return std::strtod(wkt.c_str() + number + 2, nullptr);
}

// Is that known without asking PROJ?
bool is_metric(std::uint16_t epsg) {
  const auto known = known_system(fmt::format("EPSG:{}", epsg));
  return known && !known->geographic;
}

// Throws unsupported: the file counts in other units than its system, as only some
// programs understand.
void check_units(const Crs& crs, std::uint16_t units) {
  double metres = 0;
  if (units == 0) return;
  if (units == Linear_Meter) metres = 1;
  if (units == Linear_Foot) metres = 0.3048;
  if (units == Linear_Foot_US_Survey) metres = 1200.0 / 3937.0;
  if (std::abs(metres - metres_per_unit(crs)) > 1e-9) leave("by its units");
}

bool finite(const std::vector<double>& numbers) {
  for (const double number : numbers)
    if (!std::isfinite(number)) return false;
  return true;
}

// A ground control point.
struct ControlPoint {
  Point pixel{};
  Point place{};
};

std::vector<ControlPoint> control_points(const std::vector<double>& tie) {
  std::vector<ControlPoint> points;
  for (std::size_t i = 0; i + 6 <= tie.size(); i += 6)
    points.push_back({{tie[i], tie[i + 1]}, {tie[i + 3], tie[i + 4]}});
  return points;
}

Point operator-(const Point& a, const Point& b) { return {a.x - b.x, a.y - b.y}; }

// The middle of the pixels, and that of the places.
ControlPoint middle_of(const std::vector<ControlPoint>& points) {
  ControlPoint sum;
  const auto count = static_cast<double>(points.size());
  for (const ControlPoint& point : points) {
    sum.pixel = {sum.pixel.x + point.pixel.x / count,
                 sum.pixel.y + point.pixel.y / count};
    sum.place = {sum.place.x + point.place.x / count,
                 sum.place.y + point.place.y / count};
  }
  return sum;
}

// By least squares; singular if the points lie on a line.
Affine fitted(const std::vector<ControlPoint>& points) {
  const ControlPoint middle = middle_of(points);
  double cc = 0, cr = 0, rr = 0, cx = 0, rx = 0, cy = 0, ry = 0;
  for (const ControlPoint& point : points) {
    const Point pixel = point.pixel - middle.pixel;
    const Point place = point.place - middle.place;
    cc += pixel.x * pixel.x;
    cr += pixel.x * pixel.y;
    rr += pixel.y * pixel.y;
    cx += pixel.x * place.x;
    rx += pixel.y * place.x;
    cy += pixel.x * place.y;
    ry += pixel.y * place.y;
  }
  const double det = cc * rr - cr * cr;
  if (!(det > 1e-9 * cc * rr)) return {0, 0, 0, 0, 0, 0};
  Affine affine{(cx * rr - rx * cr) / det, (rx * cc - cx * cr) / det, 0,
                (cy * rr - ry * cr) / det, (ry * cc - cy * cr) / det, 0};
  const Point moved = middle.place - affine(middle.pixel.x, middle.pixel.y);
  affine.c = moved.x;
  affine.f = moved.y;
  return affine;
}

// Throws unsupported: one of the points is off the grid by a quarter of a pixel.
Affine grid_through(const std::vector<ControlPoint>& points) {
  constexpr double most_off = 0.25;
  const Affine affine = fitted(points);
  const auto fits = [&](const ControlPoint& point) {
    const Affine back = affine.inverse();
    const Point off = back(point.place.x, point.place.y) - point.pixel;
    return std::hypot(off.x, off.y) <= most_off;
  };
  const bool singular = affine.a * affine.e == affine.b * affine.d;
  if (points.size() < 3 || singular || !std::all_of(points.begin(), points.end(), fits))
    throw failure(ErrorKind::unsupported,
                  "this TIFF is placed by {} ground control points, which lie on no grid",
                  points.size());
  return affine;
}

}  // namespace

std::optional<Crs> crs_of(const TiffTags& tags) {
  if (tags.geo_keys.size() < key_words) return std::nullopt;
  const std::uint16_t model = key_value(tags.geo_keys, model_type);
  const std::uint16_t projected = key_value(tags.geo_keys, projected_crs);
  const std::uint16_t geodetic = key_value(tags.geo_keys, geodetic_crs);
  if (projected != 0 && model != geographic_model)
    if (auto crs = known(projected)) {
      const std::uint16_t units = key_value(tags.geo_keys, projected_units);
      if (units != Linear_Meter || !is_metric(projected)) check_units(*crs, units);
      return crs;
    }
  if (auto crs = esri_crs(tags)) return crs;
  if (model == geographic_model || (model == 0 && projected == 0))
    if (auto crs = known(geodetic)) return crs;
  return user_crs(tags);
}

std::optional<Affine> affine_of(const TiffTags& tags) {
  Affine affine;
  const auto& t = tags.transformation;
  const auto& scale = tags.pixel_scale;
  const auto& tie = tags.tie_points;
  if (scale.size() >= 2 && scale[0] != 0 && scale[1] != 0 && tie.size() >= 6) {
    affine = {scale[0], 0, 0, 0, -std::abs(scale[1]), 0};
    affine.c = tie[3] - tie[0] * affine.a;
    affine.f = tie[4] - tie[1] * affine.e;
  } else if (t.size() == 16) {
    affine = {t[0], t[1], t[3], t[4], t[5], t[7]};
  } else if (tie.size() >= 6) {
    if (!finite(tie)) return std::nullopt;
    affine = grid_through(control_points(tie));
  } else {
    return std::nullopt;
  }
  if (!finite(t) || !finite(scale) || !finite(tie)) return std::nullopt;
  if (key_value(tags.geo_keys, raster_type) == pixel_is_point) {
    const Point corner = affine(-0.5, -0.5);
    affine.c = corner.x;
    affine.f = corner.y;
  }
  return affine;
}

}  // namespace terrazzo::io
