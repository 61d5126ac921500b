#include "terrazzo/http/call.hpp"

#include <algorithm>

#include "terrazzo/http/text.hpp"
#include "terrazzo/http/transfer.hpp"

namespace terrazzo::http {
namespace {

std::string_view path_value(const Call& call, std::string_view name) {
  const auto found = call.path.find(name);
  return found == call.path.end() ? std::string_view{} : std::string_view{found->second};
}

std::vector<std::string> parts_of(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const auto end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool is_value_list(std::string_view text) {
  return text.size() >= 2 && text.front() == '[' && text.back() == ']' &&
         text.find('\n') == text.npos;
}

}  // namespace

QueryLimits limits_of(const maps::Maps& maps) {
  return {maps.colormaps(), maps.settings().max_tile_size};
}

catalog::Keys keys_of(const Call& call) {
  catalog::Keys keys = parts_of(path_value(call, "keys"), '/');
  std::erase(keys, "");
  return keys;
}

std::optional<TileId> tile_of(const Call& call) {
  return tile_from_text(path_value(call, "tile_z"), path_value(call, "tile_x"),
                        path_value(call, "tile_y"));
}

std::string format_of(const Call& call) {
  return std::string{path_value(call, "format")};
}

std::optional<maps::TileSize> tile_size_of(
    const std::optional<std::array<TileSide, 2>>& asked) {
  if (!asked) return std::nullopt;
  return maps::TileSize{static_cast<std::size_t>((*asked)[0].pixels),
                        static_cast<std::size_t>((*asked)[1].pixels)};
}

Json keys_object(const maps::Maps& maps, const catalog::Keys& keys) {
  Json out = Json::object();
  const auto& names = maps.catalog().key_names();
  for (std::size_t i = 0; i < std::min(names.size(), keys.size()); ++i)
    out[names[i].name] = keys[i];
  return out;
}

std::vector<std::pair<std::string, std::vector<std::string>>> filters_of(
    const maps::Maps& maps, const Pairs& parameters) {
  const auto& names = maps.catalog().key_names();
  std::vector<std::pair<std::string, std::vector<std::string>>> filters;
  std::string unknown;
  for (const auto& [name, text] : parameters) {
    if (std::ranges::find(names, name, &catalog::KeyName::name) == names.end())
      unknown += (unknown.empty() ? "" : ", ") + python_repr(name);
    const std::string_view inner =
        std::string_view{text}.substr(std::min<std::size_t>(1, text.size()));
    filters.emplace_back(name, is_value_list(text)
                                   ? parts_of(inner.substr(0, inner.size() - 1), ',')
                                   : std::vector{text});
  }
  if (!unknown.empty())
    throw invalid("Encountered unrecognized keys {{{}}} (available keys: {})", unknown,
                  catalog::key_tuple(names));
  return filters;
}

Json polygon_object(const Polygon& polygon) {
  Json rings = Json::array();
  for (const Ring& ring : polygon.rings) {
    Json points = Json::array();
    for (const Point& point : ring) points.push_back({point.x, point.y});
    rings.push_back(std::move(points));
  }
  return {{"type", "Polygon"}, {"coordinates", std::move(rings)}};
}

Json box_list(const Box& box) { return {box.west, box.south, box.east, box.north}; }

std::string color_text(const Color& color) {
  return fmt::format("#{:02x}{:02x}{:02x}", color.r, color.g, color.b);
}

Response picture_found(const maps::Picture& picture, std::string_view cache_control) {
  Response response;
  response.type = picture.type();
  if (!cache_control.empty())
    set_header(response, "Cache-Control", std::string{cache_control});
  set_header(response, "ETag", picture.etag());
  return response;
}

Response picture_answer(const Call& call, const maps::Picture& picture) {
  const std::string& caching = call.site.maps.settings().cache_control;
  Response response;
  if (is_known(call.request.header("if-none-match"), picture.etag())) {
    response = not_modified(picture.etag(), caching);
  } else {
    const maps::Picture::Drawn drawn = picture.drawn(call.context);
    if (drawn.complete) {
      response = picture_found(picture, caching);
    } else {
      response.type = picture.type();
      set_header(response, "Cache-Control", "no-store");
    }
    response.body = drawn.bytes;
    if (!drawn.complete) return response;
  }
  response.picture = std::make_shared<const maps::Picture>(picture);
  return response;
}

}  // namespace terrazzo::http
