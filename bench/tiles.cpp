// Tiles end to end (records, pixels, colours, PNG), without the network.

#include <array>
#include <random>
#include <vector>

#include <cpl_string.h>
#include <gdal_priv.h>
#include <gdal_utils.h>

#include "benches.hpp"
#include "pairs.hpp"
#include "scenes.hpp"
#include "terrazzo/base/error.hpp"
#include "terrazzo/catalog/catalog.hpp"
#include "terrazzo/catalog/describe.hpp"
#include "terrazzo/formats/cog.hpp"
#include "terrazzo/formats/gdal_opener.hpp"
#include "terrazzo/maps/maps.hpp"

namespace terrazzo::bench {
namespace {

constexpr int side = 4096;
constexpr std::array names{"B02", "B04", "B08"};

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
    choose_tiles(*store->get({"s", "B02"}));
  }

  // From a seed, over zooms 9 to 14, all inside the scene.
  void choose_tiles(const catalog::Record& record) {
    const Box& b = record.metadata->bounds;
    std::mt19937 random{7};
    std::uniform_real_distribution<double> share{0.25, 0.75};
    for (int i = 0; i < 64; ++i) {
      const Point at{b.west + share(random) * b.width(),
                     b.south + share(random) * b.height()};
      tiles.push_back(tile_at(at, 9 + i % 6));
    }
  }

  std::unique_ptr<maps::Maps> maps(std::uint64_t cache_bytes) const {
    maps::Settings settings;
    settings.raster_cache_size = cache_bytes;
    std::vector<std::unique_ptr<io::RasterOpener>> openers;
    openers.push_back(formats::gdal_opener());
    return std::make_unique<maps::Maps>(settings, catalog::open_catalog(database),
                                        std::move(openers));
  }

  const TileId& tile(int run) const {
    return tiles[static_cast<std::size_t>(run) % tiles.size()];
  }
};

maps::SinglebandRequest singleband(const TileId& tile) {
  maps::SinglebandRequest request;
  request.tile = tile;
  request.keys = {"s", "B04"};
  request.colormap = "viridis";
  return request;
}

maps::RgbRequest rgb(const TileId& tile) {
  maps::RgbRequest request;
  request.tile = tile;
  request.keys = {"s"};
  request.bands = {"B08", "B04", "B02"};
  return request;
}

maps::ComputeRequest compute(const TileId& tile) {
  maps::ComputeRequest request;
  request.tile = tile;
  request.keys = {"s"};
  request.expression = "(v1-v2)/(v1+v2)";
  request.operands = {{"v1", "B08"}, {"v2", "B04"}};
  request.stretch = {-1, 1};
  return request;
}

// The same tile by GDAL's own tools: one warp per band from handles kept open, one PNG.
class GdalTiles {
 public:
  explicit GdalTiles(const std::vector<std::string>& files) {
    for (const auto& file : files)
      handles_.push_back(GDALOpen(file.c_str(), GA_ReadOnly));
  }
  ~GdalTiles() {
    for (auto* handle : handles_) GDALClose(handle);
  }
  GdalTiles(const GdalTiles&) = delete;
  GdalTiles& operator=(const GdalTiles&) = delete;

  void draw(const TileId& tile, std::span<const std::size_t> bands) const {
    std::vector<GDALDatasetH> warped;
    for (const std::size_t band : bands) warped.push_back(warp(handles_[band], tile));
    encode(warped);
    for (auto* handle : warped) GDALClose(handle);
  }

 private:
  static GDALDatasetH warp(GDALDatasetH source, const TileId& tile) {
    const Box box = mercator_box(tile);
    CPLStringList words;
    for (const auto& word :
         {std::string{"-of"}, std::string{"MEM"}, std::string{"-t_srs"},
          std::string{"EPSG:3857"}, std::string{"-r"}, std::string{"bilinear"},
          std::string{"-et"}, std::string{"0.125"}, std::string{"-ts"},
          std::string{"256"}, std::string{"256"}, std::string{"-te"},
          fmt::format("{}", box.west), fmt::format("{}", box.south),
          fmt::format("{}", box.east), fmt::format("{}", box.north)})
      words.AddString(word.c_str());
    auto* options = GDALWarpAppOptionsNew(words.List(), nullptr);
    auto* out = GDALWarp("", nullptr, 1, &source, options, nullptr);
    GDALWarpAppOptionsFree(options);
    if (out == nullptr) throw failure(ErrorKind::internal, "GDAL could not warp a tile");
    return out;
  }

  static void encode(const std::vector<GDALDatasetH>& bands) {
    auto* memory = GetGDALDriverManager()->GetDriverByName("MEM");
    auto* picture =
        memory->Create("", 256, 256, static_cast<int>(bands.size()), GDT_Byte, nullptr);
    std::vector<float> values(256 * 256);
    std::vector<std::uint8_t> bytes(values.size());
    for (std::size_t i = 0; i < bands.size(); ++i) {
      const auto read = GDALRasterIO(GDALGetRasterBand(bands[i], 1), GF_Read, 0, 0, 256,
                                     256, values.data(), 256, 256, GDT_Float32, 0, 0);
      for (std::size_t k = 0; k < values.size(); ++k)
        bytes[k] = static_cast<std::uint8_t>(
            values[k] == 0
                ? 0.F
                : std::clamp(1.F + (values[k] - 600.F) * 254.F / 1900.F, 1.F, 255.F));
      const auto write = picture->GetRasterBand(static_cast<int>(i) + 1)
                             ->RasterIO(GF_Write, 0, 0, 256, 256, bytes.data(), 256, 256,
                                        GDT_Byte, 0, 0, nullptr);
      if (read != CE_None || write != CE_None)
        throw failure(ErrorKind::internal, "GDAL could not read a tile");
    }
    auto* png = GetGDALDriverManager()->GetDriverByName("PNG");
    const char* options[] = {"ZLEVEL=1", nullptr};
    GDALClose(png->CreateCopy("/vsimem/tile.png", picture, 0, const_cast<char**>(options),
                              nullptr, nullptr));
    VSIUnlink("/vsimem/tile.png");
    GDALClose(picture);
  }

  std::vector<GDALDatasetH> handles_;
};

constexpr int tiles_per_run = 8;

// Eight tiles a run, so that a run is long enough for the CPU clock.
template <class Work>
std::function<void(int)> eight(Work work) {
  return [work](int run) {
    for (int i = 0; i < tiles_per_run; ++i) work(run * tiles_per_run + i);
  };
}

}  // namespace

void tiles() {
  const World world;
  const auto cold = world.maps(0);
  const auto warm = world.maps(std::uint64_t{512} << 20);
  const GdalTiles gdal{world.files};
  const std::array<std::size_t, 1> one{1};
  const std::array<std::size_t, 2> two{2, 1};
  const std::array<std::size_t, 3> three{2, 1, 0};
  const auto by_gdal = [&](std::span<const std::size_t> bands) {
    return eight([&gdal, &world, bands](int i) { gdal.draw(world.tile(i), bands); });
  };
  const auto fixed = world.tile(3);

  run({"8 tiles, one band, cold", "GDAL warp, handle kept, PNG 1",
       eight([&](int i) { cold->singleband(singleband(world.tile(i))); }), by_gdal(one)});
  run({"8 tiles, RGB, cold", "GDAL warp x 3, handles kept, PNG 1",
       eight([&](int i) { cold->rgb(rgb(world.tile(i))); }), by_gdal(three)});
  run({"8 tiles, compute, cold", "GDAL warp x 2, handles kept, PNG 1",
       eight([&](int i) { cold->compute(compute(world.tile(i))); }), by_gdal(two)});
  run({"8 tiles, one band, warm", "GDAL warp, handle kept, PNG 1",
       eight([&](int) { warm->singleband(singleband(fixed)); }), by_gdal(one)});
  run({"8 tiles, RGB, warm", "GDAL warp x 3, handles kept, PNG 1",
       eight([&](int) { warm->rgb(rgb(fixed)); }), by_gdal(three)});
  run({"8 tiles, compute, warm", "GDAL warp x 2, handles kept, PNG 1",
       eight([&](int) { warm->compute(compute(fixed)); }), by_gdal(two)});
}

}  // namespace terrazzo::bench
