#pragma once
// Frames: the pictures of a collection with their footprints, as a tile index has them.
// They are written by Journal::publish() and kept beside the catalogue's records.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "terrazzo/base/time.hpp"
#include "terrazzo/catalog/catalog.hpp"

namespace terrazzo::catalog {

struct Frame {
  std::string collection;
  std::string name;  // once in its collection
  std::string uri;   // of the raster
  std::string generation{};
  Polygon footprint{};  // longitude and latitude
  Box bounds{};         // longitude and latitude
  std::string crs{};    // of the raster: "EPSG:32633", else WKT
  std::optional<Time> time{};
  Json attributes = Json::object();
};

struct Collection {
  std::string name;
  std::uint64_t frames = 0;
  Box extent{};  // of all footprints; -180 to 180 if one crosses the antimeridian
  std::uint64_t version = 0;  // another one after each change of a frame
};

struct FrameQuery {
  std::string collection{};      // empty: of all
  std::optional<Box> bounds{};   // whose boxes meet this one
  std::optional<Time> since{};   // frames without a time do not match
  std::optional<Time> before{};  // not at this time itself
  std::optional<std::uint64_t> limit{};
};

// Safe from any thread and beside other processes. Every method may throw unavailable
// and corrupt_data.
class Frames {
 public:
  virtual ~Frames() = default;

  // By collection and name.
  virtual std::vector<Frame> find(const FrameQuery& query,
                                  const Context& context = {}) const = 0;
  // By name. Cost: none of the frames is looked at.
  virtual std::vector<Collection> collections() const = 0;
  // Each once, from the first to the last.
  virtual std::vector<Time> times(const std::string& collection) const = 0;
};

// Throws as open_catalog(); unsupported: this kind of catalogue keeps no frames.
std::unique_ptr<Frames> open_frames(const std::string& uri,
                                    const OpenOptions& options = {});

}  // namespace terrazzo::catalog
