#pragma once
// Maps over a small catalogue whose files have no pixels of their own, for tests.

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "terrazzo/maps/maps.hpp"

namespace terrazzo::maps::testing {

inline int damaged_reads = 0;  // how many pictures, the first ones, have a hole

inline constexpr double half_world = 20037508.342789244;

// 512 x 512 uint16 over longitude and latitude 0..10 in web mercator: pixel value is the
// column, row 0 is no data. Counts what is read.
class Ramp : public io::Raster {
 public:
  explicit Ramp(std::atomic<int>& reads) : reads_(reads) {
    const Point corner = Transform{Crs::wgs84(), Crs::web_mercator()}(Point{10, 10});
    info_.rows = info_.cols = 512;
    info_.affine = {corner.x / 512, 0, 0, 0, -corner.y / 512, corner.y};
    info_.crs = Crs::web_mercator();
    info_.bands = {{.type = ElementType::uint16}};
    info_.bands[0].labels = {{7, "Water"}};
  }
  const io::RasterInfo& info() const override { return info_; }
  int band() const override { return 1; }
  Image read(const io::Window& window, std::size_t rows, std::size_t cols,
             const Context& /*context*/) const override {
    Image image{ElementType::uint16, 1, rows, cols};
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < cols; ++c) {
        const auto col = window.col + c * window.cols / cols;
        const auto row = window.row + r * window.rows / rows;
        image.values<std::uint16_t>()[r * cols + c] = static_cast<std::uint16_t>(col);
        image.valid()[r * cols + c] = row > 0;
      }
    }
    return image;
  }
  std::optional<Image> read_warped(const io::WarpedRead& request,
                                   const Context& context) const override {
    const int reads = ++reads_;
    if (reads <= damaged_reads) ++*request.holes;
    context.check();
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
    return read({0, 0, 512, 512}, request.rows, request.cols, context);
  }

 private:
  std::atomic<int>& reads_;
  io::RasterInfo info_;
};

class RampOpener : public io::RasterOpener {
 public:
  explicit RampOpener(std::atomic<int>& reads) : reads_(reads) {}
  std::shared_ptr<const io::Raster> open(const std::string& uri, int,
                                         const Context&) const override {
    if (!std::filesystem::exists(uri))
      throw failure(ErrorKind::not_found, "there is no file {}", uri);
    return std::make_shared<Ramp>(reads_);
  }

 private:
  std::atomic<int>& reads_;
};

// A folder with a catalogue of (scene, band): s/a and s/b with metadata of the ramp,
// s/lazy without, s/gone whose file is missing.
struct World {
  std::filesystem::path folder =
      std::filesystem::temp_directory_path() /
      fmt::format("maps_test_{}_{}", ::getpid(), reinterpret_cast<std::uintptr_t>(this));
  std::string database = (folder / "catalog.sqlite").string();
  std::atomic<int> reads = 0;

  World() {
    std::filesystem::create_directories(folder);
    catalog::create_catalog(database, {{"scene", ""}, {"band", ""}});
    const auto store = catalog::open_catalog(database);
    touch("file");
    for (const char* band : {"a", "b"})
      store->insert({{"s", band}, path("file"), 1, metadata()});
    store->insert({{"s", "lazy"}, path("file"), 1, {}});
    store->insert({{"s", "gone"}, path("gone"), 1, metadata()});
  }
  ~World() { std::filesystem::remove_all(folder); }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  std::string path(const std::string& name) const { return (folder / name).string(); }
  void touch(const std::string& name, const std::string& text = "x") const {
    std::ofstream{path(name)} << text;
  }
  static catalog::Metadata metadata() {
    catalog::Metadata m;
    m.bounds = {0, 0, 10, 10};
    m.low = 0;
    m.high = 511;
    for (std::size_t i = 0; i < 99; ++i) m.percentiles[i] = static_cast<double>(i) * 5;
    m.user = Json::parse(R"({"classes": {"3": {"label": "Wood", "color": "#00ff00"}}})");
    return m;
  }
  Maps maps(Settings settings = {}, bool read_only = false) {
    std::vector<std::unique_ptr<io::RasterOpener>> openers;
    openers.push_back(std::make_unique<RampOpener>(reads));
    return Maps{settings, catalog::open_catalog(database, {.read_only = read_only}),
                std::move(openers)};
  }
};

inline SinglebandRequest band(const std::string& name, TileId tile = {5, 16, 15}) {
  SinglebandRequest request;
  request.keys = {"s", name};
  request.tile = tile;
  return request;
}

inline ComputeRequest compute(const std::string& expression) {
  ComputeRequest request;
  request.keys = {"s"};
  request.tile = TileId{5, 16, 15};
  request.expression = expression;
  request.operands = {{"v1", "a"}, {"v2", "b"}};
  request.stretch = {0, 511};
  return request;
}

inline const TileId elsewhere{5, 0, 0};

}  // namespace terrazzo::maps::testing
