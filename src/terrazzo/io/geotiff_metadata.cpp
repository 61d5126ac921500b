// What GDAL writes of bands into a TIFF, besides their pixels.

#include <cstdlib>
#include <pugixml.hpp>

#include "terrazzo/base/fields.hpp"
#include "terrazzo/io/geotiff.hpp"

namespace terrazzo::io {
namespace {

// What terrazzo's own files hold: {"1": "water", ...}.
void read_labels(const char* text, std::map<double, std::string>& labels) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return;
  for (const auto& [key, label] : json.items())
    if (label.is_string())
      labels[std::strtod(key.c_str(), nullptr)] = label.get<std::string>();
}

// GDAL escapes the values of items twice.
std::string value_of(const pugi::xml_node& item) {
  const std::string text = item.text().as_string();
  pugi::xml_document again;
  if (!again.load_string(("<value>" + text + "</value>").c_str())) return text;
  const pugi::xml_node value = again.child("value");
  const bool is_text = value.first_child() == value.last_child() &&
                       value.first_child().type() != pugi::node_element;
  return is_text ? value.text().as_string() : text;
}

void read_item(const pugi::xml_node& item, BandInfo& band) {
  const std::string_view role = item.attribute("role").as_string();
  const std::string_view name = item.attribute("name").as_string();
  if (role == "description") band.description = value_of(item);
  if (role == "scale") band.scale = item.text().as_double(1);
  if (role == "offset") band.offset = item.text().as_double(0);
  if (name == "CLASS_NAMES") read_labels(value_of(item).c_str(), band.labels);
}

}  // namespace

void read_band_metadata(const std::string& xml, std::vector<BandInfo>& bands) {
  pugi::xml_document document;
  if (!document.load_buffer(xml.data(), xml.size())) return;
  for (const pugi::xml_node item : document.child("GDALMetadata").children("Item")) {
    const pugi::xml_attribute sample = item.attribute("sample");
    if (sample.empty() || sample.as_ullong(bands.size()) >= bands.size()) continue;
    read_item(item, bands[sample.as_ullong()]);
  }
}

}  // namespace terrazzo::io
