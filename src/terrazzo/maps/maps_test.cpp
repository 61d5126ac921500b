#include "terrazzo/maps/maps.hpp"

#include <algorithm>
#include <functional>
#include <thread>

#include <doctest/doctest.h>

#include "terrazzo/io/png.hpp"
#include "terrazzo/maps/test_world.hpp"

using namespace terrazzo;
using namespace terrazzo::maps;
using namespace terrazzo::maps::testing;

namespace {

// Does something else whenever a file is opened.
class Meddler : public RampOpener {
 public:
  Meddler(std::atomic<int>& reads, std::function<void()> meddle)
      : RampOpener(reads), meddle_(std::move(meddle)) {}
  std::shared_ptr<const io::Raster> open(const std::string& uri, int band,
                                         const Context& context) const override {
    meddle_();
    return RampOpener::open(uri, band, context);
  }

 private:
  std::function<void()> meddle_;
};

}  // namespace

TEST_CASE("a single band is stretched over its range, with no data transparent") {
  World world;
  auto request = band("a");
  request.size = TileSize{2, 512};
  const auto maps = world.maps();
  const auto picture = maps.singleband(request);
  std::vector<std::uint8_t> want(1024);
  for (std::size_t c = 0; c < 512; ++c)
    want[512 + c] =
        static_cast<std::uint8_t>(std::nearbyint(1 + 254 * static_cast<double>(c) / 511));
  CHECK(*picture.bytes() == io::png_grey(want, 2, 512, 1));
  CHECK(picture.type() == "image/png");
}

TEST_CASE("a tile elsewhere is the empty picture of the default size") {
  World world;
  auto request = band("a", elsewhere);
  request.size = TileSize{64, 64};
  const auto maps = world.maps();
  CHECK(*maps.singleband(request).bytes() == io::png_empty(256, 256));
  CHECK(world.reads == 0);
}

TEST_CASE("the empty picture takes the rows of the default size for its width") {
  World world;
  Settings settings;
  settings.default_tile_size = {32, 64};
  const auto maps = world.maps(settings);
  CHECK(*maps.singleband(band("a", elsewhere)).bytes() == io::png_empty(64, 32));
  CHECK(*maps.singleband(band("a")).bytes() != io::png_empty(64, 32));
}

TEST_CASE("a picture is planned without reading, and its bytes are those of the cache") {
  World world;
  const auto maps = world.maps();
  const Picture picture = maps.singleband(band("a"));
  CHECK(world.reads == 0);
  const auto bytes = picture.bytes();
  CHECK(world.reads == 1);
  CHECK(maps.singleband(band("a")).bytes() == bytes);  // the same, not a copy
  CHECK(maps.singleband(band("a")).etag() == picture.etag());
}

TEST_CASE("a picture with a hole is told as such and not kept") {
  World world;
  damaged_reads = 2;
  const auto maps = world.maps();
  CHECK_FALSE(maps.singleband(band("a")).drawn().complete);
  CHECK_FALSE(maps.singleband(band("a")).drawn().complete);
  CHECK(world.reads == 2);
  CHECK(maps.singleband(band("a")).drawn().complete);
  CHECK(maps.singleband(band("a")).drawn().complete);
  CHECK(world.reads == 3);
  damaged_reads = 100;
  CHECK_FALSE(world.maps().compute(compute("v1+v2")).drawn().complete);
  damaged_reads = 0;
}

TEST_CASE("whoever asks for the bytes says how long that may take") {
  World world;
  const auto maps = world.maps();
  const Picture picture = maps.singleband(band("a"));
  std::stop_source stop;
  stop.request_stop();
  CHECK_THROWS_WITH_AS(picture.bytes({.stop = stop.get_token()}),
                       doctest::Contains("the caller went away"), Error);
  CHECK(world.reads == 1);  // it was asked, and gave up
  CHECK_NOTHROW(picture.bytes());
}

TEST_CASE(
    "a colour map that no picture can have is refused where pixels would be drawn") {
  World world;
  const auto maps = world.maps();
  auto request = compute("v1+v2");
  request.colormap = "explicit";
  CHECK_THROWS_WITH_AS(maps.compute(request).bytes(),
                       doctest::Contains("Encountered invalid color map explicit"),
                       Error);
  request.tile = elsewhere;
  CHECK(*maps.compute(request).bytes() == io::png_empty(256, 256));
}

TEST_CASE("a tile too deep for doubles is empty, not an error") {
  World world;
  const auto maps = world.maps();
  for (const int z : {55, 58, 60}) {
    const TileId deep = tile_at({5, 5}, z);
    CHECK_NOTHROW(maps.singleband(band("a", deep)).bytes());
  }
}

TEST_CASE("a percentile out of range is refused, unless the tile is empty anyway") {
  World world;
  const auto maps = world.maps();
  auto request = band("a");
  request.stretch = {Percentile{2}, Percentile{99}};
  CHECK_THROWS_WITH_AS(maps.singleband(request),
                       doctest::Contains("Invalid percentile, out of range: p99"), Error);
  request.tile = elsewhere;
  CHECK_NOTHROW(maps.singleband(request));
}

TEST_CASE("an unknown dataset and a wrong number of keys are told apart") {
  World world;
  const auto maps = world.maps();
  auto request = band("nope");
  CHECK_THROWS_WITH_AS(maps.singleband(request), doctest::Contains("No dataset found"),
                       Error);
  request.keys = {"s"};
  CHECK_THROWS_WITH_AS(maps.singleband(request),
                       doctest::Contains("wrong number of keys"), Error);
}

TEST_CASE("a missing file is the server's trouble, not an unknown dataset") {
  World world;
  const auto maps = world.maps();
  try {
    maps.singleband(band("gone")).bytes();
    FAIL("drew a picture of a missing file");
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::unavailable);
    CHECK(e.message() == "the raster file of dataset s/gone is missing");
    CHECK(std::string{e.what()}.find(world.path("gone")) != std::string::npos);
  }
}

TEST_CASE("metadata that is missing is computed once and stored") {
  World world;
  const auto maps = world.maps();
  CHECK(maps.record({"s", "lazy"}).metadata->high == 511);
  CHECK(catalog::open_catalog(world.database)->get({"s", "lazy"})->metadata.has_value());
}

TEST_CASE("metadata computed late do not undo that a dataset was entered anew") {
  World world;
  world.touch("other");
  const catalog::Record anew{{"s", "lazy"}, world.path("other")};
  std::vector<std::unique_ptr<io::RasterOpener>> openers;
  openers.push_back(std::make_unique<Meddler>(
      world.reads, [&] { catalog::open_catalog(world.database)->insert(anew); }));
  const Maps maps{{}, catalog::open_catalog(world.database), std::move(openers)};
  CHECK(maps.record(anew.keys).metadata);
  const auto now = catalog::open_catalog(world.database)->get(anew.keys);
  CHECK(now->path == anew.path);
  CHECK_FALSE(now->metadata);
}

TEST_CASE("missing metadata of a read-only catalogue is denied") {
  World world;
  const auto maps = world.maps({}, true);
  CHECK_THROWS_WITH_AS(maps.record({"s", "lazy"}),
                       doctest::Contains("Lazy loading requires a writable database"),
                       Error);
}

TEST_CASE("equal requests at once read the pixels once") {
  World world;
  const auto maps = world.maps();
  {
    std::vector<std::jthread> askers;
    for (int i = 0; i < 8; ++i)
      askers.emplace_back(
          [&] { CHECK(maps.singleband(band("a")).bytes()->size() > 100); });
  }
  CHECK(world.reads == 1);
  auto other_colours = band("a");
  other_colours.colormap = "viridis";
  maps.singleband(other_colours).bytes();
  CHECK(world.reads == 1);
}

TEST_CASE(
    "the ETag changes with the file and with what is asked, and is free of reading") {
  World world;
  const auto maps = world.maps();
  const auto first = maps.singleband(band("a")).etag();
  CHECK(first == maps.singleband(band("a")).etag());
  auto other = band("a");
  other.stretch = {1.0, 2.0};
  CHECK(first != maps.singleband(other).etag());
  world.touch("file", "longer than before");
  CHECK(first != maps.singleband(band("a")).etag());
  CHECK(world.reads == 0);
}

TEST_CASE("a replaced file is drawn anew") {
  World world;
  const auto maps = world.maps();
  maps.singleband(band("a")).bytes();
  world.touch("file", "longer than before");
  maps.singleband(band("a")).bytes();
  CHECK(world.reads == 2);
}

TEST_CASE("a plan holds until its file or the catalogue changes") {
  World world;
  const auto maps = world.maps();
  const Picture first = maps.singleband(band("a"));
  CHECK(first.kept() == nullptr);
  const auto bytes = first.bytes();
  CHECK(first.kept() == bytes);
  while (!maps.singleband(band("a")).still_holds()) {  // a slow machine
  }
  world.touch("file", "longer than before");
  CHECK(!first.still_holds());

  const Picture second = maps.singleband(band("a"));
  CHECK(second.kept() == nullptr);
  auto other = World::metadata();
  other.high = 99;
  catalog::open_catalog(world.database)
      ->insert({{"s", "a"}, world.path("file"), 1, other});
  const Picture third = maps.singleband(band("a"));
  CHECK(!second.still_holds());
  CHECK(third.etag() != second.etag());
}

TEST_CASE("a plan that is relied on goes on to hold without anybody planning") {
  World world;
  const auto maps = world.maps();
  const Picture picture = maps.singleband(band("a"));
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds{500};
  bool held = false;  // at the end: a slow machine may have let it pass in between
  while (!held || std::chrono::steady_clock::now() < until) held = picture.still_holds();
  CHECK(held);
  auto other = World::metadata();
  other.high = 99;
  catalog::open_catalog(world.database)
      ->insert({{"s", "a"}, world.path("file"), 1, other});
  while (picture.still_holds()) {  // at most 0.2 s
  }
}

TEST_CASE("a plan on files that cannot be asked without waiting does not hold for long") {
  World world;
  auto metadata = World::metadata();
  catalog::open_catalog(world.database)
      ->insert({{"s", "a"}, world.path("nothing here"), 1, metadata});
  const auto maps = world.maps();
  CHECK(!maps.singleband(band("a")).still_holds());
}

TEST_CASE("RGB takes all keys but the last and upright ranges") {
  World world;
  const auto maps = world.maps();
  RgbRequest request;
  request.tile = TileId{5, 16, 15};
  request.keys = {"s"};
  request.bands = {"a", "b", "a"};
  CHECK(maps.rgb(request).bytes()->size() > 100);
  request.stretches[1] = {100.0, 0.0};
  CHECK_THROWS_WITH_AS(
      maps.rgb(request),
      doctest::Contains("Upper stretch bound must be higher than lower bound"), Error);
  request.keys = {"s", "a"};
  CHECK_THROWS_WITH_AS(maps.rgb(request),
                       doctest::Contains("must specify all keys except last one"), Error);
}

TEST_CASE("an expression is computed, or refused in Terracotta's words") {
  World world;
  const auto maps = world.maps();
  CHECK(maps.compute(compute("(v1+v2)/2")).bytes()->size() > 100);
  CHECK_THROWS_WITH_AS(
      maps.compute(compute("v3")),
      doctest::Contains(
          "error while executing expression: unrecognized name 'v3' in expression"),
      Error);
  auto upside_down = compute("v1");
  upside_down.stretch = {1, 1};
  CHECK_THROWS_WITH_AS(
      maps.compute(upside_down),
      doctest::Contains("Upper stretch bounds must be larger than lower bounds"), Error);
}

TEST_CASE("an expression that is too long or too costly is refused before any work") {
  World world;
  Settings settings;
  settings.max_expression_length = 10;
  settings.max_expression_cost = 1000;
  const auto maps = world.maps(settings);
  CHECK_THROWS_WITH_AS(maps.compute(compute("v1+v1+v1+v1")),
                       doctest::Contains("11 characters"), Error);
  CHECK_THROWS_WITH_AS(maps.compute(compute("v1+v2")), doctest::Contains("operations"),
                       Error);
  CHECK(world.reads == 0);
}

TEST_CASE("a histogram counts the valid pixels over the dataset's range") {
  World world;
  const auto histogram = world.maps().histogram({"s", "a"}, 4);
  CHECK(histogram.low == 0);
  CHECK(histogram.high == 511);
  CHECK(histogram.total == 512 * 512);
  CHECK(histogram.valid == 512 * 511);
  CHECK(histogram.counts == std::vector<std::uint64_t>(4, 128 * 511));
}

TEST_CASE("the value at a point comes with its class and its native coordinates") {
  World world;
  const auto maps = world.maps();
  const double pixel = 10.0 / 512;
  const auto wood = maps.point({"s", "a"}, {3.5 * pixel, 5});
  CHECK(wood.value == 3.0);
  CHECK(wood.label == "Wood");
  CHECK(wood.crs == "EPSG:3857");
  CHECK(wood.native.x == doctest::Approx(half_world * 3.5 * pixel / 180));
  CHECK_FALSE(maps.point({"s", "a"}, {-5, 5}).value);
}

TEST_CASE("classes come from the user's metadata, else from the file") {
  World world;
  const auto maps = world.maps();
  const auto users = maps.classes({"s", "a"});
  REQUIRE(users.size() == 1);
  CHECK(users[0].label == "Wood");
  CHECK(users[0].color == Color{0, 255, 0, 255});
  CHECK(users[0].share == doctest::Approx(1.0 / 512));
  const auto files = maps.classes({"s", "lazy"});
  REQUIRE(files.size() == 1);
  CHECK(files[0].label == "Water");
}
