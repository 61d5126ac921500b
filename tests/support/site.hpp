#pragma once
// All that is answered over HTTP, on a small catalogue without files of pixels.

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "terrazzo/http/app.hpp"

namespace terrazzo::http::testing {

// Pixel value is the column.
class Ramp : public io::Raster {
 public:
  explicit Ramp(bool damaged = false) : damaged_(damaged) {
    const Point corner = Transform{Crs::wgs84(), Crs::web_mercator()}(Point{10, 10});
    info_.rows = info_.cols = 64;
    info_.affine = {corner.x / 64, 0, 0, 0, -corner.y / 64, corner.y};
    info_.crs = Crs::web_mercator();
    info_.bands = {{.type = ElementType::uint16}};
  }
  const io::RasterInfo& info() const override { return info_; }
  int band() const override { return 1; }
  Image read(const io::Window& window, std::size_t rows, std::size_t cols,
             const Context& /*context*/) const override {
    Image image{ElementType::uint16, 1, rows, cols};
    for (std::size_t i = 0; i < image.pixels(); ++i)
      image.values<std::uint16_t>()[i] =
          static_cast<std::uint16_t>(window.col + i % cols * window.cols / cols);
    return image;
  }
  std::optional<Image> read_warped(const io::WarpedRead& request,
                                   const Context& context) const override {
    if (damaged_) ++*request.holes;
    return read({0, 0, 64, 64}, request.rows, request.cols, context);
  }

 private:
  bool damaged_;
  io::RasterInfo info_;
};

class RampOpener : public io::RasterOpener {
 public:
  std::shared_ptr<const io::Raster> open(const std::string& uri, int,
                                         const Context&) const override {
    if (!std::filesystem::exists(uri))
      throw failure(ErrorKind::not_found, "there is no file {}", uri);
    return std::make_shared<Ramp>(uri.ends_with("damaged"));
  }
};

inline catalog::Metadata ramp_metadata() {
  catalog::Metadata m;
  m.bounds = {0, 0, 10, 10};
  m.convex_hull = {{{{0, 0}, {10, 0}, {10, 10}, {0, 0}}}};
  m.high = 63;
  m.valid_percentage = 100;
  for (std::size_t i = 0; i < 99; ++i) m.percentiles[i] = static_cast<double>(i);
  m.user = Json::parse(R"({"classes": {"3": "Wood"}})");
  return m;
}

// A catalogue of (sensor, date, band): S2 on two days with a and b, one file missing.
class World {
 public:
  explicit World(maps::Settings settings = {}) {
    std::filesystem::create_directories(folder_);
    const std::string database = database_file();
    catalog::create_catalog(database,
                            {{"sensor", ""}, {"date", "when"}, {"band", "wavelength"}});
    const auto store = catalog::open_catalog(database);
    const std::string file = (folder_ / "file").string();
    std::ofstream{file} << "x";
    for (const char* day : {"20240601", "20240701"})
      for (const char* band : {"a", "b"})
        store->insert({{"S2", day, band}, file, 1, ramp_metadata()});
    store->insert({{"S2", "20240601", "gone"}, file + "gone", 1, ramp_metadata()});
    std::vector<std::unique_ptr<io::RasterOpener>> openers;
    openers.push_back(std::make_unique<RampOpener>());
    maps_ = std::make_unique<maps::Maps>(
        std::move(settings), catalog::open_catalog(database), std::move(openers));
    app_ = std::make_unique<App>(*maps_);
  }
  ~World() { std::filesystem::remove_all(folder_); }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // S2/20240801/damaged, whose pictures have a hole.
  void add_damaged() const {
    const std::string file = (folder_ / "damaged").string();
    std::ofstream{file} << "x";
    catalog::open_catalog(database_file())
        ->insert({{"S2", "20240801", "damaged"}, file, 1, ramp_metadata()});
  }

  Response ask(std::string_view target, Pairs headers = {},
               const std::string& method = "GET", const std::string& body = {}) const {
    Request request;
    request.method = method;
    request.headers = std::move(headers);
    request.body = body;
    split_target(target, request);
    return (*app_)(request, {});
  }
  Json json(std::string_view target) const {
    const Response response = ask(target);
    CAPTURE(response.body.view());
    CHECK(response.status == 200);
    CHECK(response.type == "application/json");
    return Json::parse(response.body.view());
  }
  std::string message(std::string_view target, int status) const {
    const Response response = ask(target);
    CHECK(response.status == status);
    CHECK(response.type == "application/json");
    return Json::parse(response.body.view()).at("message");
  }
  App& app() { return *app_; }
  const maps::Maps& maps() const { return *maps_; }

 private:
  std::string database_file() const { return (folder_ / "catalog.sqlite").string(); }

  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() /
      fmt::format("http_test_{}_{}", ::getpid(), reinterpret_cast<std::uintptr_t>(this));
  std::unique_ptr<maps::Maps> maps_;
  std::unique_ptr<App> app_;
};

}  // namespace terrazzo::http::testing
