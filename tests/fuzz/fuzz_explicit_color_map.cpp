// Any text as the JSON of an explicit colour map, and as the body of POST /metadata.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "terrazzo/http/queries.hpp"
#include "terrazzo/http/text.hpp"

using namespace terrazzo;
using namespace terrazzo::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const raster::Colormaps colormaps;
  static const QueryLimits limits{colormaps, 4096};
  const std::string text = utf8_repaired({reinterpret_cast<const char*>(data), size});
  try {
    const auto query = read_query<SinglebandQuery>(
        {{"colormap", "explicit"}, {"explicit_color_map", text}}, limits);
    for (const auto& [value, color] : query.explicit_color_map.value())
      if (!std::isfinite(value)) std::abort();
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::invalid_input || !is_utf8(e.message())) std::abort();
  }
  const auto body = python_json(text);
  if (!body || !body->is_object()) return 0;
  try {
    (void)read_body<MetadataBody>(*body, limits);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::invalid_input) std::abort();
  }
  return 0;
}
