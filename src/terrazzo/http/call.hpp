#pragma once
// What several routes do with a call.

#include <optional>
#include <string_view>

#include "terrazzo/http/answer.hpp"
#include "terrazzo/http/queries.hpp"
#include "terrazzo/http/route.hpp"
#include "terrazzo/http/transfer.hpp"

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

// The answer to a call for a picture: 304 if the client has it already, else drawn by
// `draw(request)`. The ETag is asked first, as it costs little.
template <class R, class Draw>
Response picture_answer(const Call& call, const R& request, const Draw& draw) {
  const maps::Maps& maps = call.site.maps;
  const std::string& caching = maps.settings().cache_control;
  const std::string etag = maps.etag(request, call.context);
  if (is_known(call.request, etag)) return not_modified(etag, caching);
  const maps::Picture picture = draw(request);
  Response response;
  response.type = picture.type;
  response.body = *picture.bytes;
  if (!caching.empty()) set_header(response, "Cache-Control", caching);
  if (!etag.empty()) set_header(response, "ETag", etag);
  return response;
}

}  // namespace terrazzo::http
