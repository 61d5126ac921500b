#include "terrazzo/catalog/describe.hpp"

#include <atomic>
#include <cmath>
#include <functional>
#include <mutex>

#include <doctest/doctest.h>

#include "support/metadata.hpp"
#include "support/thrown.hpp"

namespace terrazzo::catalog {
namespace {

using testing::kind_of;
using testing::ring_of;

// Band 1 is no data where `value` gives NaN.
class FakeRaster final : public io::Raster {
 public:
  using Value = std::function<double(std::size_t col, std::size_t row)>;

  FakeRaster(std::size_t rows, std::size_t cols, Affine affine, Crs crs, Value value)
      : value_(std::move(value)) {
    info_.rows = rows;
    info_.cols = cols;
    info_.affine = affine;
    info_.crs = std::move(crs);
    info_.bands = {{.type = ElementType::float32}};
    info_.block_rows = 16;
    info_.block_cols = 32;
  }

  const io::RasterInfo& info() const override { return info_; }
  int band() const override { return 1; }

  Image read(const io::Window& window, std::size_t rows, std::size_t cols,
             const Context& /*context*/) const override {
    {
      const std::scoped_lock lock{mutex_};
      reads_.push_back(window);
    }
    Image image{ElementType::float32, 1, rows, cols};
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = 0; c < cols; ++c) {
        const double value = value_(window.col + c * window.cols / cols,
                                    window.row + r * window.rows / rows);
        image.values<float>()[r * cols + c] = static_cast<float>(value);
        image.valid()[r * cols + c] = std::isnan(value) ? 0 : 1;
      }
    return image;
  }

  std::optional<Image> read_warped(const io::WarpedRead& /*request*/,
                                   const Context& /*context*/) const override {
    return {};
  }

  io::RasterInfo& mutable_info() { return info_; }
  std::vector<io::Window> reads() const { return reads_; }

 private:
  io::RasterInfo info_;
  Value value_;
  mutable std::mutex mutex_;
  mutable std::vector<io::Window> reads_;
};

constexpr double no_data = std::numeric_limits<double>::quiet_NaN();

// One pixel a degree, the upper left corner at 0, 50.
FakeRaster degrees(std::size_t rows, std::size_t cols, FakeRaster::Value value) {
  return {rows, cols, {1, 0, 0, 0, -1, 50}, Crs::wgs84(), std::move(value)};
}

double ramp(std::size_t col, std::size_t row) {
  return static_cast<double>(col + 100 * row);
}

}  // namespace

TEST_CASE("the hull of a raster without gaps is its rectangle") {
  const Metadata found = describe(degrees(10, 20, ramp));
  CHECK(found.bounds == Box{0, 40, 20, 50});
  CHECK(found.convex_hull.rings == std::vector<Ring>{ring_of({0, 40, 20, 50})});
  CHECK(found.valid_percentage == 100);
  CHECK(found.user == Json::object());
}

TEST_CASE("the rectangle is that of the raster's own grid, corner by corner") {
  const Crs utm = Crs::epsg(32633);
  const FakeRaster raster{100, 100, {100, 0, 400'000, 0, -100, 5'900'000}, utm, ramp};
  const Metadata found = describe(raster);
  const Transform to_wgs84{utm, Crs::wgs84()};
  REQUIRE(found.convex_hull.rings.size() == 1);
  const Ring& ring = found.convex_hull.rings[0];
  REQUIRE(ring.size() == 5);
  CHECK(ring[0] == to_wgs84(Point{400'000, 5'890'000}));
  CHECK(ring[1] == to_wgs84(Point{410'000, 5'890'000}));
  CHECK(ring[2] == to_wgs84(Point{410'000, 5'900'000}));
  CHECK(found.bounds == to_wgs84(Box{400'000, 5'890'000, 410'000, 5'900'000}, 21));
}

TEST_CASE("the hull goes around the outermost valid pixels, counter-clockwise") {
  // Valid: (2, 1), (5, 1), (2, 4).
  const auto raster = degrees(10, 10, [](std::size_t col, std::size_t row) {
    return (row == 1 && (col == 2 || col == 5)) || (row == 4 && col == 2) ? 7 : no_data;
  });
  const Metadata found = describe(raster);
  REQUIRE(found.convex_hull.rings.size() == 1);
  const Ring& ring = found.convex_hull.rings[0];
  CHECK(ring.front() == ring.back());
  double area = 0;
  for (std::size_t i = 1; i < ring.size(); ++i)
    area += ring[i - 1].x * ring[i].y - ring[i].x * ring[i - 1].y;
  // A rectangle of 4 x 4 degrees without the triangle beside (6, 48) and (3, 45).
  CHECK(area / 2 == doctest::Approx(16 - 4.5));
  CHECK(std::ranges::find(ring, Point{2, 49}) != ring.end());
  CHECK(std::ranges::find(ring, Point{3, 45}) != ring.end());
  CHECK(std::ranges::find(ring, Point{6, 48}) != ring.end());
  CHECK(found.bounds == Box{0, 40, 10, 50});
  CHECK(found.valid_percentage == doctest::Approx(3));
}

TEST_CASE("statistics are those of the valid pixels") {
  const Metadata found = describe(degrees(1, 5, [](std::size_t col, std::size_t) {
    return col == 4 ? no_data : 2 * ramp(col, 0);
  }));
  CHECK(found.low == 0);
  CHECK(found.high == 6);
  CHECK(found.mean == doctest::Approx(3));
  CHECK(found.stdev == doctest::Approx(std::sqrt(5.0)));
  CHECK(found.percentiles[49] == doctest::Approx(3));
  CHECK(found.valid_percentage == doctest::Approx(80));
}

TEST_CASE("read by blocks, in any number of threads, the result is the same") {
  const auto make = [] {
    return degrees(40, 150, [](std::size_t col, std::size_t row) {
      return col + row < 20 || col > 140 ? no_data : ramp(col, row);
    });
  };
  const auto whole_raster = make();
  const Metadata whole = describe(whole_raster);
  CHECK(whole_raster.reads().size() == 1);
  for (const std::size_t threads : {1, 2, 5})
    for (const std::size_t memory : {1, 4'000, 20'000}) {
      CAPTURE(threads);
      CAPTURE(memory);
      const auto raster = make();
      const Metadata parts =
          describe(raster, {.memory_bytes = memory, .threads = threads});
      CHECK(parts.bounds == whole.bounds);
      CHECK(parts.convex_hull == whole.convex_hull);
      CHECK(parts.valid_percentage == whole.valid_percentage);
      CHECK(parts.low == whole.low);
      CHECK(parts.high == whole.high);
      CHECK(parts.mean == doctest::Approx(whole.mean));
      CHECK(parts.stdev == doctest::Approx(whole.stdev));
      CHECK(parts.percentiles[90] ==
            doctest::Approx(whole.percentiles[90]).epsilon(0.02));
      std::size_t pixels = 0;
      for (const io::Window& window : raster.reads()) {
        pixels += window.rows * window.cols;
        CHECK(window.row % 16 == 0);
        CHECK(window.col % 32 == 0);
        CHECK(window.rows * window.cols <= std::max<std::size_t>(16 * 32, memory / 5));
      }
      CHECK(pixels == 40 * 150);
    }
}

TEST_CASE("max_shape reads a picture of that shape and scales the hull") {
  const auto raster = degrees(40, 80, [](std::size_t col, std::size_t row) {
    return col < 40 ? no_data : ramp(col, row);
  });
  const Metadata found = describe(raster, {.max_shape = {{10, 1000}}});
  CHECK(raster.reads().size() == 1);
  CHECK(found.convex_hull.rings[0].size() == 5);
  CHECK(std::ranges::find(found.convex_hull.rings[0], Point{40, 10}) !=
        found.convex_hull.rings[0].end());
  CHECK(found.valid_percentage == 50);
  CHECK(found.high == ramp(79, 36));
}

TEST_CASE("a raster without any valid pixel is refused") {
  const auto raster = degrees(10, 10, [](auto...) { return no_data; });
  CHECK_THROWS_WITH_AS(describe(raster),
                       doctest::Contains("does not contain any valid data"), Error);
  CHECK(kind_of([&] { describe(raster); }) == ErrorKind::corrupt_data);
}

TEST_CASE("a raster without a reference system is refused before it is read") {
  auto raster = degrees(10, 10, ramp);
  raster.mutable_info().crs.reset();
  CHECK(kind_of([&] { describe(raster); }) == ErrorKind::unsupported);
  CHECK(raster.reads().empty());
}

TEST_CASE("a failure to read reaches the caller from whichever thread") {
  for (const std::size_t bad_row : {0, 20, 39}) {
    const auto raster = degrees(40, 64, [&](std::size_t, std::size_t row) -> double {
      if (row == bad_row) throw failure(ErrorKind::corrupt_data, "block is broken");
      return 1;
    });
    CHECK_THROWS_WITH_AS(describe(raster, {.memory_bytes = 1, .threads = 3}),
                         doctest::Contains("block is broken"), Error);
  }
}

TEST_CASE("sizes that a damaged file invents cost no more memory than others") {
  constexpr std::size_t huge = 2'147'483'647;
  const auto broken = [](std::size_t, std::size_t) -> double {
    throw failure(ErrorKind::corrupt_data, "block is broken");
  };
  for (const std::size_t block_cols : {std::size_t{256}, huge}) {
    auto raster = degrees(huge, huge, broken);
    raster.mutable_info().block_rows = 1;
    raster.mutable_info().block_cols = block_cols;
    raster.mutable_info().affine = {1e-9, 0, 0, 0, -1e-9, 50};
    constexpr std::size_t memory = std::size_t{1} << 20U;
    CHECK(kind_of([&] { describe(raster, {.memory_bytes = memory}); }) ==
          ErrorKind::corrupt_data);
    REQUIRE(raster.reads().size() == 1);
    CHECK(raster.reads()[0].rows * raster.reads()[0].cols <= memory);
  }
}

TEST_CASE("a world whose rounded pixels end beyond the date line keeps its width") {
  constexpr double half = 20037508.342789244;
  for (const double beyond : {-0.003, 0.0, 0.0002, 2.0}) {
    CAPTURE(beyond);
    const double pixel = (2 * half + beyond) / 64;
    const FakeRaster raster{
        64, 64, {pixel, 0, -half, 0, -pixel, half}, Crs::web_mercator(), ramp};
    const Metadata found = describe(raster);
    CHECK(found.bounds.west == doctest::Approx(-180));
    CHECK(found.bounds.east == doctest::Approx(180));
  }
}

TEST_CASE("a disk of the earth seen from space is described by what can be seen") {
  const Crs geos = Crs::from("+proj=geos +h=35785831 +lon_0=0 +sweep=y");
  const auto disk = [](std::size_t col, std::size_t row) {
    const double x = static_cast<double>(col) - 49.5;
    const double y = static_cast<double>(row) - 49.5;
    return x * x + y * y < 35 * 35 ? 1 : no_data;
  };
  const FakeRaster raster{100, 100, {120'000, 0, -6e6, 0, -120'000, 6e6}, geos, disk};
  const Metadata found = describe(raster);
  CHECK(found.bounds.west < -35);
  CHECK(found.bounds.west > -90);
  CHECK(found.bounds.north > 35);
  CHECK(found.bounds.east == doctest::Approx(-found.bounds.west).epsilon(0.01));
  CHECK(found.convex_hull.rings[0].size() > 8);
}

}  // namespace terrazzo::catalog
