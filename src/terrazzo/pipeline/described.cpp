#include "terrazzo/pipeline/described.hpp"

#include "terrazzo/catalog/describe.hpp"

namespace terrazzo::pipeline {

const catalog::Metadata& described(Item& item, int band, const Tools& tools,
                                   const Context& context) {
  const auto found = item.described.find(band);
  if (found != item.described.end()) return found->second;
  const auto raster = tools.opener.open(item.current, band, context);
  return item.described.emplace(band, catalog::describe(*raster, {}, context))
      .first->second;
}

std::size_t band_count(Item& item, const Tools& tools, const Context& context) {
  if (item.bands == 0)
    item.bands = tools.opener.open(item.current, 1, context)->info().bands.size();
  return item.bands;
}

}  // namespace terrazzo::pipeline
