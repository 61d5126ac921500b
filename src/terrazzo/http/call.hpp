#pragma once
// What several routes do with a call.

#include <optional>
#include <string_view>

#include "terrazzo/http/answer.hpp"
#include "terrazzo/http/queries.hpp"
#include "terrazzo/http/route.hpp"

namespace terrazzo::http {

QueryLimits limits_of(const maps::Maps& maps);

// Throws invalid_input: a parameter is wrong.
template <class Q>
Q query_of(const Call& call) {
  return read_query<Q>(call.request.query, limits_of(call.site.maps));
}

// Values of {keys}: parts between slashes that are not empty. None if there are no keys.
catalog::Keys keys_of(const Call& call);

// {tile_z}, {tile_x} and {tile_y}; nothing for a preview.
std::optional<TileId> tile_of(const Call& call);

std::string format_of(const Call& call);  // {format}

std::optional<maps::TileSize> tile_size_of(
    const std::optional<std::array<TileSide, 2>>& asked);

// {"sensor": "S2", "band": "B04"}
Json keys_object(const maps::Maps& maps, const catalog::Keys& keys);

// Filters of a query: "a" is one value, "[a,b]" several.
// Throws invalid_input: a name is no key.
std::vector<std::pair<std::string, std::vector<std::string>>> filters_of(
    const maps::Maps& maps, const Pairs& parameters);

Json polygon_object(const Polygon& polygon);  // GeoJSON
Json box_list(const Box& box);                // [west, south, east, north]
std::string color_text(const Color& color);   // "#rrggbb"

// A request for the picture that the path and `tile_size` say.
template <class R>
R picture_request(const Call& call,
                  const std::optional<std::array<TileSide, 2>>& tile_size) {
  R request;
  request.tile = tile_of(call);
  request.size = tile_size_of(tile_size);
  request.keys = keys_of(call);
  request.format = format_of(call);
  return request;
}

// 200 with the headers of a picture, without its bytes.
Response picture_found(const maps::Picture& picture, std::string_view cache_control);

// 304 if the client has the picture already, else its bytes, made if nobody has it yet.
Response picture_answer(const Call& call, const maps::Picture& picture);

}  // namespace terrazzo::http
