#pragma once
// Metadata of datasets that nobody has read.

#include <doctest/doctest.h>

#include "terrazzo/catalog/catalog.hpp"

namespace terrazzo::testing {

// The four corners, counter-clockwise from the south-west, and the first again.
inline Ring ring_of(const Box& box) {
  return {{box.west, box.south},
          {box.east, box.south},
          {box.east, box.north},
          {box.west, box.north},
          {box.west, box.south}};
}

inline catalog::Metadata some_metadata(const Box& bounds = {13.5, 52.5, 14.75, 53.25}) {
  catalog::Metadata metadata;
  metadata.bounds = bounds;
  metadata.convex_hull.rings = {ring_of(bounds)};
  metadata.valid_percentage = 91.99;
  metadata.low = 0.1;
  metadata.high = 3314;
  metadata.mean = 1513.57;
  metadata.stdev = 470.3;
  for (std::size_t i = 0; i < 99; ++i)
    metadata.percentiles[i] = 0.5 + static_cast<double>(i);
  metadata.user = {{"cloud", 3}, {"by", {"a", "b"}}};
  return metadata;
}

inline void check_same(const catalog::Metadata& a, const catalog::Metadata& b) {
  CHECK(a.bounds == b.bounds);
  CHECK(a.convex_hull == b.convex_hull);
  CHECK(a.valid_percentage == b.valid_percentage);
  CHECK(a.low == b.low);
  CHECK(a.high == b.high);
  CHECK(a.mean == b.mean);
  CHECK(a.stdev == b.stdev);
  CHECK(a.percentiles == b.percentiles);
  CHECK(a.user == b.user);
}

}  // namespace terrazzo::testing
