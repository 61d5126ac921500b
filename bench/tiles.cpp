// Tiles end to end (records, pixels, colours, PNG), without the network, on one thread.

#include <algorithm>
#include <array>
#include <cstdlib>
#include <random>
#include <vector>

#include <fmt/format.h>

#include "benches.hpp"
#include "gdal_baseline.hpp"
#include "pairs.hpp"
#include "scenes.hpp"
#include "terrazzo/base/error.hpp"
#include "terrazzo/catalog/catalog.hpp"
#include "terrazzo/catalog/describe.hpp"
#include "terrazzo/formats/cog.hpp"
#include "terrazzo/formats/gdal_opener.hpp"
#include "terrazzo/io/tiff_opener.hpp"
#include "terrazzo/maps/maps.hpp"

namespace terrazzo::bench {
namespace {

constexpr int side = 4096;
constexpr std::array names{"B02", "B04", "B08"};
constexpr std::array<std::size_t, 1> one_file{1};
constexpr std::array<std::size_t, 3> three_files{2, 1, 0};
constexpr maps::Stretch stretch{600.0, 2500.0};

constexpr int zooms = 6;           // 9 to 14
constexpr int in_run = 2 * zooms;  // tiles in a run: each zoom twice
constexpr int kept_calls = 600;    // so short that a run needs many
constexpr std::uint64_t cache_bytes = std::uint64_t{512} << 20;

// Resampling differs where the scenes are noisy: GDAL takes an overview, bilinear.
constexpr double most_mean_difference = 6;

struct World {
  Scratch scratch;
  std::vector<std::string> files;
  std::string database;
  std::vector<TileId> tiles;

  World() : database(scratch.path("catalog.sqlite")) {
    catalog::create_catalog(database, {{"scene", ""}, {"band", ""}});
    const auto store = catalog::open_catalog(database);
    const auto opener = formats::gdal_opener();
    for (unsigned i = 0; i < names.size(); ++i) {
      const auto raw = scratch.path(fmt::format("raw{}.tif", i));
      files.push_back(scratch.path(fmt::format("{}.tif", names[i])));
      make_scene(raw, side, i + 1);
      formats::write_cog(raw, files.back(), {.compression = "deflate"});
      catalog::Record record{.keys = {"s", names[i]}, .path = files.back()};
      record.metadata = catalog::describe(*opener->open(files.back()));
      store->insert(record);
    }
    choose_tiles(store->get({"s", "B02"})->metadata->bounds);
  }

  // From a seed, around places in the middle of the scene.
  void choose_tiles(const Box& bounds) {
    std::mt19937 random{7};
    std::uniform_real_distribution<double> share{0.25, 0.75};
    for (int i = 0; i < 8 * in_run; ++i) {
      const Point at{bounds.west + share(random) * bounds.width(),
                     bounds.south + share(random) * bounds.height()};
      tiles.push_back(tile_at(at, 9 + i % zooms));
    }
  }

  // Pictures and pixels are kept in kept_bytes, decoded blocks in block_bytes.
  std::unique_ptr<maps::Maps> new_maps(std::uint64_t kept_bytes,
                                       std::uint64_t block_bytes) const {
    maps::Settings settings;
    settings.raster_cache_size = kept_bytes;
    std::vector<std::unique_ptr<io::RasterOpener>> openers;
    openers.push_back(io::tiff_opener({.block_bytes = block_bytes}));
    return std::make_unique<maps::Maps>(settings, catalog::open_catalog(database),
                                        std::move(openers));
  }
};

std::string singleband(const maps::Maps& maps, const TileId& tile) {
  maps::SinglebandRequest request;
  request.tile = tile;
  request.keys = {"s", "B04"};
  request.stretch = stretch;
  request.colormap = "viridis";
  return *maps.singleband(request).bytes();
}

std::string rgb(const maps::Maps& maps, const TileId& tile) {
  maps::RgbRequest request;
  request.tile = tile;
  request.keys = {"s"};
  request.bands = {"B08", "B04", "B02"};
  request.stretches = {stretch, stretch, stretch};
  return *maps.rgb(request).bytes();
}

std::string compute(const maps::Maps& maps, const TileId& tile) {
  maps::ComputeRequest request;
  request.tile = tile;
  request.keys = {"s"};
  request.expression = "(1.0*v1-v2)/(v1+v2)";
  request.operands = {{"v1", "B08"}, {"v2", "B04"}};
  request.stretch = {-1, 1};
  return *maps.compute(request).bytes();
}

// One kind of picture, made by both.
struct Kind {
  const char* name;
  const char* baseline;
  std::string (*ours)(const maps::Maps&, const TileId&);
  std::string (*theirs)(const GdalTiles&, const TileId&);
};

constexpr Kind kinds[] = {
    {"one band", "GDAL warper, palette PNG", singleband,
     [](const GdalTiles& gdal, const TileId& tile) { return gdal.draw(tile, one_file); }},
    {"RGB", "GDAL warper x 3, RGB PNG", rgb,
     [](const GdalTiles& gdal, const TileId& tile) {
       return gdal.draw(tile, three_files);
     }},
    {"compute", "GDAL warper x 2, a loop, grey PNG", compute,
     [](const GdalTiles& gdal, const TileId& tile) {
       return gdal.draw_index(tile, 2, 1);
     }},
};

// Of 0..255.
struct Difference {
  double mean = 0;
  int greatest = 0;
};

// Both must show the same before anything is timed.
Difference check_same(const Kind& kind, const maps::Maps& maps, const GdalTiles& gdal,
                      std::span<const TileId> tiles) {
  Difference difference;
  double count = 0;
  for (const TileId& tile : tiles) {
    const auto ours = decoded(kind.ours(maps, tile));
    const auto theirs = decoded(kind.theirs(gdal, tile));
    if (ours.size() < theirs.size())
      throw failure(ErrorKind::internal, "pictures of different shapes");
    for (std::size_t i = 0; i < theirs.size(); ++i) {
      const int off = std::abs(ours[i] - theirs[i]);
      difference.mean += off;
      difference.greatest = std::max(difference.greatest, off);
    }
    count += static_cast<double>(theirs.size());
  }
  difference.mean /= count;
  if (difference.mean > most_mean_difference)
    throw failure(ErrorKind::internal, "{}: pixels differ by {:.1f} on average",
                  kind.name, difference.mean);
  return difference;
}

}  // namespace

void tiles() {
  const World world;
  const auto decoding = world.new_maps(0, 0);
  const auto drawing = world.new_maps(0, block_cache_bytes);
  const auto keeping = world.new_maps(cache_bytes, block_cache_bytes);
  const GdalTiles gdal{world.files};
  const auto tile = [&world](int i) -> const TileId& {
    return world.tiles[static_cast<std::size_t>(i) % world.tiles.size()];
  };
  for (const Kind& kind : kinds) {
    const auto ours = [&kind, &tile](const maps::Maps& maps) {
      return [&kind, &tile, &maps](int i) { kind.ours(maps, tile(i)); };
    };
    const Side theirs{[&](int i) { kind.theirs(gdal, tile(i)); }, in_run};
    const auto name = [&](const char* state) {
      return fmt::format("tile, {}, {}", kind.name, state);
    };
    const Difference difference = check_same(kind, *drawing, gdal, world.tiles);
    // Every block of every tile is kept, by both, from here on.
    run({.name = name("blocks decoded"),
         .baseline = kind.baseline,
         .ours = {ours(*drawing), in_run},
         .theirs = theirs});
    run({.name = name("picture kept"),
         .baseline = fmt::format("{}, blocks decoded", kind.baseline),
         .ours = {ours(*keeping), kept_calls},
         .theirs = theirs});
    run({.name = name("blocks not decoded"),
         .baseline = kind.baseline,
         .ours = {ours(*decoding), in_run},
         .theirs = theirs,
         .before = empty_block_cache});
    fmt::print("    pixels differ by {:.2f} of 255 on average, {} at most\n",
               difference.mean, difference.greatest);
  }
}

}  // namespace terrazzo::bench
