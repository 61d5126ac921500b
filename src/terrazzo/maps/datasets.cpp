// What is asked of one dataset besides pictures: histogram, value at a point, classes.

#include <algorithm>
#include <charconv>
#include <cmath>

#include "terrazzo/maps/state.hpp"
#include "terrazzo/raster/statistics.hpp"

namespace terrazzo::maps {
namespace {

constexpr std::size_t sample_side = 1024;  // rows and cols read for a histogram
constexpr std::size_t most_classes = 256;

// The whole band, reduced to the sample's size.
Image sample(const io::Raster& file, const Context& context) {
  const io::RasterInfo& info = file.info();
  return file.read({0, 0, info.cols, info.rows}, std::min(info.rows, sample_side),
                   std::min(info.cols, sample_side), context);
}

std::optional<double> number_of(const std::string& text) {
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "#rrggbb" or "rrggbb".
std::optional<Color> color_of(const Json& json) {
  if (!json.is_string()) return std::nullopt;
  std::string text = json.get<std::string>();
  if (text.starts_with('#')) text.erase(0, 1);
  unsigned value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (text.size() != 6 || error != std::errc{} || end != text.data() + 6)
    return std::nullopt;
  return Color{static_cast<std::uint8_t>(value >> 16),
               static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}

// One entry of user metadata: "Water", or {"label": "Water", "color": "#1f78b4"}.
std::optional<ClassEntry> class_of(const std::string& key, const Json& about) {
  const auto value = number_of(key);
  if (!value) return std::nullopt;
  ClassEntry entry{.value = *value};
  if (about.is_string()) entry.label = about.get<std::string>();
  if (about.is_object()) {
    if (about.contains("label") && about["label"].is_string())
      entry.label = about["label"].get<std::string>();
    if (about.contains("color")) entry.color = color_of(about["color"]);
  }
  return entry;
}

std::vector<ClassEntry> user_classes(const Json& user) {
  std::vector<ClassEntry> entries;
  if (!user.is_object() || !user.contains("classes")) return entries;
  const Json& classes = user["classes"];
  if (classes.is_object()) {
    for (const auto& [key, about] : classes.items())
      if (auto entry = class_of(key, about)) entries.push_back(std::move(*entry));
  }
  if (classes.is_array()) {
    for (const Json& about : classes) {
      if (!about.is_object() || !about.contains("value") || !about["value"].is_number())
        continue;
      if (auto entry = class_of(about["value"].dump(), about))
        entries.push_back(std::move(*entry));
    }
  }
  return entries;
}

// From the file's own table: values that are named, or else those that occur.
std::vector<ClassEntry> file_classes(const io::BandInfo& band) {
  std::vector<ClassEntry> entries;
  const auto color_at = [&](double value) -> std::optional<Color> {
    if (!(value >= 0 && value < static_cast<double>(band.color_table.size())))
      return std::nullopt;
    return band.color_table[static_cast<std::size_t>(value)];
  };
  for (const auto& [value, label] : band.labels)
    entries.push_back({.value = value, .label = label, .color = color_at(value)});
  if (!entries.empty()) return entries;
  for (std::size_t i = 0; i < band.color_table.size(); ++i)
    entries.push_back({.value = static_cast<double>(i), .color = band.color_table[i]});
  return entries;
}

std::map<double, std::uint64_t> count_values(const Image& image) {
  std::map<double, std::uint64_t> counts;
  with_type(image.type(), [&]<class T>(T) {
    const auto values = image.values<T>();
    for (std::size_t i = 0; i < values.size(); ++i)
      if (image.valid()[i]) ++counts[static_cast<double>(values[i])];
  });
  return counts;
}

void add_shares(std::vector<ClassEntry>& entries, const Image& image) {
  const auto counts = count_values(image);
  double valid = 0;
  for (const auto& [value, count] : counts) valid += static_cast<double>(count);
  if (valid == 0) return;
  for (ClassEntry& entry : entries) {
    const auto found = counts.find(entry.value);
    entry.share = found == counts.end() ? 0 : static_cast<double>(found->second) / valid;
  }
}

std::string label_at(const std::vector<ClassEntry>& entries, double value) {
  const auto found = std::ranges::find(entries, value, &ClassEntry::value);
  return found == entries.end() ? std::string{} : found->label;
}

std::vector<ClassEntry> known_classes(const catalog::Record& record,
                                      const io::Raster& file) {
  auto entries =
      record.metadata ? user_classes(record.metadata->user) : std::vector<ClassEntry>{};
  if (entries.empty()) {
    const auto band = static_cast<std::size_t>(file.band() - 1);
    entries = file_classes(file.info().bands.at(band));
  }
  return entries;
}

}  // namespace

Histogram Maps::histogram(const catalog::Keys& keys, std::size_t bins,
                          const Context& context) const {
  const auto record = this->record(keys, context);
  const auto file = state_->raster(record, context);
  const Image image =
      state_->reading(record, context, [&] { return sample(*file, context); });
  raster::StatisticsSum sum{image.type()};
  sum.add(image);
  Histogram result{.low = record.metadata->low, .high = record.metadata->high};
  result.total = image.pixels();
  result.valid = static_cast<std::uint64_t>(std::ranges::count(image.valid(), 1));
  result.counts = sum.histogram(result.low, result.high, bins);
  return result;
}

PointValue Maps::point(const catalog::Keys& keys, Point lonlat,
                       const Context& context) const {
  context.check();
  const auto record = state_->stored(keys);
  const auto file = state_->raster(record, context);
  const io::RasterInfo& info = file->info();
  if (!info.crs)
    throw failure(ErrorKind::unsupported,
                  "the raster file of this dataset is not georeferenced");
  PointValue result;
  result.native = Transform{Crs::wgs84(), *info.crs}(lonlat);
  const auto code = info.crs->epsg_code();
  result.crs = code ? fmt::format("EPSG:{}", *code) : info.crs->name();

  const Point pixel = info.affine.inverse()(result.native.x, result.native.y);
  const bool inside = pixel.x >= 0 && pixel.y >= 0 &&
                      pixel.x < static_cast<double>(info.cols) &&
                      pixel.y < static_cast<double>(info.rows);
  if (!inside) return result;
  const io::Window window{static_cast<std::size_t>(pixel.x),
                          static_cast<std::size_t>(pixel.y), 1, 1};
  const Image image =
      state_->reading(record, context, [&] { return file->read(window, 1, 1, context); });
  if (!image.valid()[0]) return result;
  result.value = with_type(image.type(), [&]<class T>(T) {
    return static_cast<double>(image.values<T>()[0]);
  });
  result.label = label_at(known_classes(record, *file), *result.value);
  return result;
}

std::vector<ClassEntry> Maps::classes(const catalog::Keys& keys,
                                      const Context& context) const {
  const auto record = this->record(keys, context);
  const auto file = state_->raster(record, context);
  auto entries = known_classes(record, *file);
  if (entries.empty()) return entries;
  add_shares(entries,
             state_->reading(record, context, [&] { return sample(*file, context); }));
  // A colour table has an entry for every byte; unnamed ones that do not occur say
  // nothing.
  std::erase_if(entries, [](const ClassEntry& e) {
    return e.label.empty() && e.share.value_or(0) == 0;
  });
  if (entries.size() > most_classes) entries.resize(most_classes);
  return entries;
}

}  // namespace terrazzo::maps
