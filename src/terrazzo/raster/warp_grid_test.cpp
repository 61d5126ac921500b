#include "terrazzo/raster/warp_grid.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "terrazzo/base/error.hpp"
#include "terrazzo/raster/warp_scenes.hpp"

namespace terrazzo::raster {
namespace {

constexpr double promised = 0.125;

double pixels(std::int64_t position) {
  return static_cast<double>(position) / static_cast<double>(one_pixel);
}

struct Found {
  std::size_t covered = 0;
  std::size_t missing = 0;  // pixels inside that no span has
  std::size_t twice = 0;
  double error = 0;  // the greatest distance from the exact place
};

// period: level columns around the world, 0 for none.
Found compare(const WarpGrid& grid, const std::vector<Point>& exact, double period = 0) {
  Found found;
  std::vector<std::uint8_t> seen(exact.size());
  for (const WarpSpan& span : grid.spans())
    for (std::int32_t i = 0; i < span.count; ++i) {
      const std::size_t at = static_cast<std::size_t>(span.row) * grid.cols() +
                             static_cast<std::size_t>(span.col + i);
      double dx = pixels(span.x + i * span.dx) - exact[at].x;
      if (period != 0) dx -= period * std::round(dx / period);
      const double dy = pixels(span.y + i * span.dy) - exact[at].y;
      found.error = std::max(found.error, std::hypot(dx, dy));
      found.twice += seen[at];
      seen[at] = 1;
      ++found.covered;
    }
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double x =
        period != 0 ? exact[i].x - period * std::floor(exact[i].x / period) : exact[i].x;
    const bool inside = x > promised &&
                        x < static_cast<double>(grid.level_cols()) - promised &&
                        exact[i].y > promised &&
                        exact[i].y < static_cast<double>(grid.level_rows()) - promised;
    if (inside && seen[i] == 0) ++found.missing;
  }
  return found;
}

// Warps to the picture from the level that would be read; how many points that took.
std::size_t check_picture(const Scene& scene, const WarpTarget& target) {
  const Crs crs = Crs::from(scene.crs);
  const double world = world_width(crs);
  const WarpMap map{target, crs, world};
  const auto scale = pixel_scale(map, scene.full);
  REQUIRE(scale);
  const double level_of = std::floor(std::log2(std::max(scale->finer(), 1.0)));
  const WarpLevel level = reduced(scene.full, std::exp2(level_of));
  const WarpGrid grid{map, level};
  const double period = std::abs(world / level.affine.a);
  const Found found = compare(grid, exact_places(target, crs, level.affine), period);
  CAPTURE(scene.crs);
  CAPTURE(level_of);
  CAPTURE(grid.points());
  CHECK(found.error < promised);
  CHECK(found.missing == 0);
  CHECK(found.twice == 0);
  CHECK(grid.points() <= 21 + 3 * target.rows * target.cols);
  return grid.points();
}

TEST_CASE("no position is off by an eighth of a source pixel") {
  const std::vector<Scene> scenes{
      scene_at("EPSG:4326", berlin, 1e-4), scene_at("EPSG:3857", berlin),
      scene_at("EPSG:32633", berlin),      scene_at("EPSG:32633", berlin, 10, 0.6),
      scene_at("EPSG:3035", berlin),       scene_at(own_system, berlin, 30),
  };
  for (const Scene& scene : scenes)
    for (const int zoom : {0, 4, 7, 9, 12, 19}) check_picture(scene, tile(berlin, zoom));
}

TEST_CASE("no position is off near the poles") {
  for (const double longitude : {-170.0, 5.0, 100.0})
    for (const int zoom : {1, 5, 9}) {
      check_picture(scene_at("EPSG:3413", {longitude, 80}, 100),
                    tile({longitude, 80}, zoom));
      check_picture(scene_at("EPSG:3031", {longitude, -80}, 100),
                    tile({longitude, -80}, zoom));
    }
}

TEST_CASE("the promise holds for large sources too") {
  const Scene arctic{"EPSG:3413",
                     {{500, 0, -4'000'000, 0, -500, 4'000'000}, 16'000, 16'000}};
  const Scene europe{"EPSG:3035",
                     {{100, 0, 2'000'000, 0, -100, 5'500'000}, 45'000, 60'000}};
  const Scene world{"EPSG:4326", {{0.01, 0, -180, 0, -0.01, 90}, 18'000, 36'000}};
  for (const int zoom : {0, 2, 3}) {
    check_picture(arctic, tile({20, 75}, zoom));
    check_picture(europe, tile(berlin, zoom));
    check_picture(world, tile(berlin, zoom));
  }
}

TEST_CASE("pictures of any shape and system") {
  const Scene scene = scene_at("EPSG:32633", berlin);
  const Box box{13.2, 52.3, 13.6, 52.7};
  for (const std::size_t rows : {1, 2, 3, 7, 300})
    for (const std::size_t cols : {1, 2, 5, 200})
      check_picture(scene, {box, Crs::wgs84(), rows, cols});
  check_picture(scene, {{4'500'000, 3'200'000, 4'600'000, 3'300'000}, Crs::epsg(3035)});
}

TEST_CASE("a picture with little curvature costs 21 points") {
  const Scene scene = scene_at("EPSG:32633", berlin);
  for (const int zoom : {12, 14, 16, 20})
    CHECK(check_picture(scene, tile(berlin, zoom)) == 21);
  CHECK(check_picture(scene, tile(berlin, 9)) < 500);
}

TEST_CASE("the pole in the picture") {
  const Scene world{"EPSG:4326", {{0.1, 0, -180, 0, -0.1, 90}, 1'800, 3'600}};
  const WarpTarget polar{{-2'000'000, -2'000'000, 2'000'000, 2'000'000}, Crs::epsg(3413)};
  const WarpMap map{polar, Crs::wgs84(), 360};
  const WarpGrid grid{map, world.full};
  CHECK(grid.wraps());
  const Found found =
      compare(grid, exact_places(polar, Crs::wgs84(), world.full.affine), 3'600);
  CHECK(found.covered == 256 * 256);
  CHECK(found.error < promised);
  CHECK(grid.points() < 3 * 256 * 256);
}

TEST_CASE("what cannot be transformed is left out") {
  // Beyond the poles and the other side of an orthographic globe.
  const WarpTarget target{{-180, -120, 180, 120}, Crs::wgs84()};
  const Crs globe = Crs::from("+proj=ortho +lat_0=40 +lon_0=10 +ellps=sphere");
  const WarpLevel level{{40'000, 0, -7'000'000, 0, -40'000, 7'000'000}, 350, 350};
  const WarpGrid grid{WarpMap{target, globe}, level};
  const auto exact = exact_places(target, globe, level.affine);
  const Found found = compare(grid, exact);
  CHECK(found.covered > 20'000);
  CHECK(found.covered < 35'000);
  CHECK(found.error < promised);
  CHECK(found.missing == 0);
}

TEST_CASE("a picture far outside has no spans and costs little") {
  const Scene scene = scene_at("EPSG:32633", berlin);
  for (const Point lonlat :
       {Point{15, 60}, Point{13.4, -52.5}, Point{-70, 10}, Point{-167, -60}}) {
    const WarpMap map{tile(lonlat, 10), Crs::from(scene.crs)};
    const WarpGrid grid{map, scene.full};
    CHECK(grid.spans().empty());
    CHECK(grid.points() < 400);
  }
}

TEST_CASE("a cropped grid holds the same spans, counted from its own corner") {
  const Scene scene = scene_at("EPSG:32633", berlin, 10, 0.3);
  const WarpMap map{tile(berlin, 7), Crs::from(scene.crs)};
  const WarpGrid whole{map, reduced(scene.full, 16)};
  WarpGrid grid = whole;
  const PicturePart part = grid.crop();
  CHECK(grid.rows() == part.rows);
  CHECK(grid.cols() == part.cols);
  CHECK(part.rows < 256);
  CHECK(part.cols < 256);
  REQUIRE(grid.spans().size() == whole.spans().size());
  std::size_t east = 0;
  for (std::size_t i = 0; i < grid.spans().size(); ++i) {
    const WarpSpan& span = grid.spans()[i];
    REQUIRE(static_cast<std::size_t>(span.row) + part.row ==
            static_cast<std::size_t>(whole.spans()[i].row));
    REQUIRE(static_cast<std::size_t>(span.col) + part.col ==
            static_cast<std::size_t>(whole.spans()[i].col));
    east = std::max(east, static_cast<std::size_t>(span.col + span.count));
  }
  CHECK(east == part.cols);

  WarpGrid nothing{WarpMap{tile({15, 60}, 10), Crs::from(scene.crs)}, scene.full};
  CHECK(nothing.crop() == PicturePart{});
}

TEST_CASE("spans lie inside the level and come in order") {
  const Scene scene = scene_at("EPSG:32633", berlin, 10, 0.3);
  const WarpMap map{tile(berlin, 8), Crs::from(scene.crs)};
  const WarpGrid grid{map, reduced(scene.full, 16)};
  REQUIRE_FALSE(grid.spans().empty());
  std::pair<std::int32_t, std::int32_t> before{0, 0};
  for (const WarpSpan& span : grid.spans()) {
    const std::pair at{span.row, span.col};
    REQUIRE(before <= at);
    before = {span.row, span.col + span.count};
    for (const std::int32_t i : {0, span.count - 1}) {
      const double x = pixels(span.x + i * span.dx);
      const double y = pixels(span.y + i * span.dy);
      REQUIRE((x >= 0 && x < static_cast<double>(grid.level_cols())));
      REQUIRE((y >= 0 && y < static_cast<double>(grid.level_rows())));
    }
  }
}

TEST_CASE("how far it is around the world") {
  CHECK(world_width(Crs::wgs84()) == 360);
  CHECK(world_width(Crs::epsg(4267)) == 360);  // another datum
  CHECK(world_width(Crs::epsg(4807)) == 400);  // grads from Paris
  CHECK(world_width(Crs::web_mercator()) ==
        doctest::Approx(2 * 20037508.342789244).epsilon(1e-12));
  CHECK(world_width(Crs::from("+proj=merc +lon_0=-150 +datum=WGS84")) ==
        doctest::Approx(2 * 20037508.342789244).epsilon(1e-12));
  CHECK(world_width(Crs::epsg(32633)) == 0);
  CHECK(world_width(Crs::epsg(3413)) == 0);
  CHECK(world_width(Crs::epsg(3035)) == 0);
}

TEST_CASE("pictures across the antimeridian") {
  const Box across{178, -20, -178, -16};
  const double width = 2 * 20037508.342789244;
  const Box mercator{width / 2 - 200'000, -2'000'000, width / 2 + 200'000, -1'600'000};
  const std::vector<WarpTarget> targets{
      {across, Crs::wgs84()},
      {mercator, Crs::web_mercator()},
      {{mercator.west - width, mercator.south, mercator.east - width, mercator.north},
       Crs::web_mercator()},
      {{400'000, 7'900'000, 1'000'000, 8'500'000},
       Crs::epsg(32760)}};  // 176 .. 182, Fiji
  const std::vector<Scene> scenes{
      {"EPSG:4326", {{0.01, 0, -180, 0, -0.01, 90}, 18'000, 36'000}},  // the world
      {"EPSG:4326", {{0.01, 0, 0, 0, -0.01, 90}, 18'000, 36'000}},     // from Greenwich
      {"EPSG:4326", {{0.01, 0, 170, 0, -0.01, -10}, 2'000, 2'000}},    // 170 .. 190
      {"EPSG:4326", {{0.01, 0, -190, 0, -0.01, -10}, 2'000, 2'000}},   // the same
      {"EPSG:3857",
       {{width / 36'000, 0, -width / 2, 0, -1'000, 9'000'000}, 18'000, 36'000}},
      {"EPSG:3857", {{1'000, 0, width / 2 - 500'000, 0, -1'000, 0}, 3'000, 1'000}}};
  for (const WarpTarget& given : targets)
    for (const Scene& scene : scenes) {
      const Crs crs = Crs::from(scene.crs);
      const double world = world_width(crs);
      const WarpMap map{given, crs, world};
      const WarpGrid grid{map, scene.full};
      const Found found =
          compare(grid, exact_places(map.target(), crs, scene.full.affine),
                  world / scene.full.affine.a);
      CAPTURE(scene.full.affine.c);
      CAPTURE(given.box.west);
      CHECK(found.error < promised);
      CHECK(found.twice == 0);
      CHECK(found.covered == 256 * 256);
      CHECK(grid.points() < 400);  // no seam is walked along
    }
}

TEST_CASE("half of a picture across the antimeridian may lie outside") {
  const WarpTarget target{{178, -20, -178, -16}, Crs::wgs84()};
  const WarpLevel west{{0.01, 0, 170, 0, -0.01, -10}, 2'000, 1'000};  // 170 .. 180
  const WarpGrid grid{WarpMap{target, Crs::wgs84(), 360}, west};
  std::int32_t covered = 0;
  for (const WarpSpan& span : grid.spans()) {
    REQUIRE(span.col + span.count <= 128);
    covered += span.count;
  }
  CHECK(covered == 128 * 256);
}

TEST_CASE("a level of more than one world shows no pixel twice") {
  const WarpLevel level{{0.5, 0, -181, 0, -0.5, 90}, 360, 724};
  const WarpTarget target{{-180, -90, 180, 90}, Crs::wgs84()};
  const WarpGrid grid{WarpMap{target, Crs::wgs84(), 360}, level};
  const Found found =
      compare(grid, exact_places(target, Crs::wgs84(), level.affine), 720);
  CHECK(found.covered == 256 * 256);
  CHECK(found.twice == 0);
}

TEST_CASE("the scale is that of the place where the picture meets the source") {
  const Scene scene = scene_at("EPSG:32633", berlin);
  const Crs crs = Crs::from(scene.crs);
  const auto scale = [&](const WarpTarget& target) {
    const auto found = pixel_scale(WarpMap{target, crs}, scene.full);
    REQUIRE(found);
    return found->finer();
  };
  const double at_zoom_0 = 40'075'017 / 256 / 10 * std::cos(berlin.y * 3.14159265 / 180);
  for (const int zoom : {6, 8, 10, 15})
    CHECK(scale(tile(berlin, zoom)) ==
          doctest::Approx(at_zoom_0 / (1 << zoom)).epsilon(0.05));
  CHECK(scale(tile(berlin, 4)) == doctest::Approx(at_zoom_0 / 16).epsilon(0.2));
  // The source is a pixel or less; most of the picture is far away.
  CHECK(scale(tile(berlin, 0)) > at_zoom_0 / 2);
  CHECK(scale(tile(berlin, 0)) < at_zoom_0 * 2);
  CHECK(scale(tile(berlin, 10, 1)) ==
        doctest::Approx(at_zoom_0 / 4).epsilon(0.05));  // a single pixel
}

TEST_CASE("impossible pictures are the caller's mistake") {
  const auto map = [](const WarpTarget& target) { return WarpMap{target, Crs::wgs84()}; };
  CHECK_THROWS_WITH_AS(map({.box = {0, 0, 1, 1}, .rows = 0}),
                       doctest::Contains("0 x 256"), Error);
  CHECK_THROWS_WITH_AS(map({.box = {0, 1, 1, 1}}), doctest::Contains("south < north"),
                       Error);
  CHECK_THROWS_AS(map({.box = {NAN, 0, 1, 1}}), Error);
  CHECK_THROWS_AS(map({.box = {2, 0, 1, 1}, .crs = Crs::epsg(32633)}), Error);
  const WarpMap good{{.box = {0, 0, 1, 1}}, Crs::wgs84()};
  CHECK_THROWS_AS(WarpGrid(good, {{0, 0, 0, 0, 0, 0}, 1, 1}), Error);
}

}  // namespace
}  // namespace terrazzo::raster
