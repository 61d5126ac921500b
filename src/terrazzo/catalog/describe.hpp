#pragma once

#include <optional>

#include "terrazzo/catalog/catalog.hpp"
#include "terrazzo/io/raster.hpp"
#include "terrazzo/raster/statistics.hpp"

namespace terrazzo::catalog {

struct DescribeOptions {
  // Read at most so many rows and cols (nearest neighbour); none: every pixel.
  std::optional<std::array<std::size_t, 2>> max_shape{};
  std::size_t memory_bytes = std::size_t{256} << 20;  // whole file below, by blocks above
  std::size_t threads = 1;
};

// Bounds, hull and statistics of one band. The hull is that of the outermost valid
// pixels, its corners transformed to longitude and latitude; if nothing is masked, the
// grid's own rectangle. It goes counter-clockwise, as GeoJSON has it.
// Throws unsupported: not georeferenced. corrupt_data: nothing valid, or unreadable, or
// nowhere on the earth. cancelled, timeout: the context ended.
// Cost: reads the band once. Source: TerracottaDriver.compute_metadata.
Metadata describe(const io::Raster& raster, const DescribeOptions& options = {},
                  const Context& context = {});

// The same of a raster whose pixels were measured elsewhere. hull: as HullSum gives it.
// Throws as describe().
Metadata describe_measured(const io::RasterInfo& info,
                           const raster::StatisticsSum& statistics,
                           const raster::HullSum& hull);

}  // namespace terrazzo::catalog
