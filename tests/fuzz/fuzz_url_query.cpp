// Any text as the target of a request, read as the parameters of every route: values
// within their rules, or an Error of the caller's whose message is UTF-8.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "terrazzo/http/queries.hpp"
#include "terrazzo/http/router.hpp"
#include "terrazzo/http/text.hpp"

using namespace terrazzo;
using namespace terrazzo::http;

namespace {

template <class Read>
void check(const Read& read) {
  try {
    read();
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::invalid_input || !is_utf8(e.message())) std::abort();
  }
}

template <class... Queries>
void read_all(const Pairs& query, const QueryLimits& limits) {
  (check([&] { (void)read_query<Queries>(query, limits); }), ...);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const raster::Colormaps colormaps;
  static const QueryLimits limits{colormaps, 4096};
  static const Router router{route_kinds()};
  Request request;
  split_target({reinterpret_cast<const char*>(data), size}, request);
  if (!request.path.starts_with('/') || !is_utf8(request.path)) std::abort();
  (void)router.find("GET", request.path);
  read_all<DatasetsQuery, MetadataQuery, ColormapQuery, SinglebandQuery, RgbQuery,
           ComputeQuery, SearchQuery, HistogramQuery, PointQuery>(request.query, limits);
  return 0;
}
