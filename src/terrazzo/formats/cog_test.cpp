#include "terrazzo/formats/cog.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>

#include "terrazzo/formats/gdal_opener.hpp"
#include "terrazzo/formats/info.hpp"
#include "terrazzo/formats/samples.hpp"

using namespace terrazzo;
using namespace terrazzo::formats;

namespace {

using Names = std::vector<std::string>;

std::shared_ptr<const io::Raster> open(const std::filesystem::path& path, int band = 1) {
  return gdal_opener()->open(path, band);
}

Image read_all(const io::Raster& raster) {
  const auto& info = raster.info();
  return raster.read({0, 0, info.cols, info.rows}, info.rows, info.cols);
}

bool same_pixels(const Image& a, const Image& b) {
  return std::ranges::equal(a.bytes(), b.bytes()) &&
         std::ranges::equal(a.valid(), b.valid());
}

// The kind of error making a COG ends in.
std::optional<ErrorKind> failure_of(const std::filesystem::path& input,
                                    const std::filesystem::path& output,
                                    const CogOptions& options = {},
                                    const Progress& progress = {},
                                    const Context& context = {}) {
  try {
    write_cog(input, output, options, progress, context);
  } catch (const Error& e) {
    CAPTURE(e.what());
    CHECK(e.message().find('/') == std::string::npos);
    return e.kind();
  }
  return std::nullopt;
}

// Pixels that no compression makes small.
double noise(int band, std::size_t row, std::size_t col) {
  const auto seed = static_cast<std::uint32_t>(row * 7919 + col * 104729) +
                    static_cast<std::uint32_t>(band);
  const std::uint32_t mixed = (seed ^ (seed >> 7U)) * 2654435761U;
  return mixed >> 16U;
}

Sample large_sample() { return {.rows = 300, .cols = 520, .value = noise}; }

// Files of this process cannot grow beyond `bytes` while it lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    before_signal_ = ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, before_signal_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*before_signal_)(int) = SIG_DFL;
};

}  // namespace

TEST_CASE("the COG of a raster is valid and holds the same pixels, mask and nodata") {
  const SampleFolder folder;
  Sample sample = large_sample();
  sample.nodata = 17;
  sample.value = [](int band, auto row, auto col) {
    return row < 100 ? 17 : std::floor(noise(band, row, col));
  };
  write_sample(folder / "in.tif", sample);
  for (const auto* compression : {"auto", "deflate", "lzw", "zstd", "none"}) {
    CAPTURE(compression);
    write_cog(folder / "in.tif", folder / "out.tif",
              {.compression = compression,
               .in_memory = std::string_view{compression} == "auto",
               .overwrite = "replace"});
    const CogReport report = validate_cog(folder / "out.tif");
    CHECK(report.valid);
    CHECK(report.warnings.empty());
    const auto in = open(folder / "in.tif");
    const auto out = open(folder / "out.tif");
    CHECK(same_pixels(read_all(*in), read_all(*out)));
    CHECK(out->info().affine == in->info().affine);
    CHECK(*out->info().crs == *in->info().crs);
    CHECK(out->info().bands[0].nodata == 17);
    CHECK(out->info().has_mask);
    CHECK(out->info().block_cols == 256);
    CHECK(out->info().block_rows == 256);
    CHECK(out->info().overviews == std::vector<std::size_t>{2, 4});
  }
  CHECK(folder.files() == Names{"in.tif", "out.tif"});
}

TEST_CASE("masks, NaN and every type survive") {
  const SampleFolder folder;
  using enum ElementType;
  for (const ElementType type : {uint8, uint16, int16, uint32, int32, float32, float64}) {
    CAPTURE(name_of(type));
    Sample sample{.type = type, .rows = 70, .cols = 90};
    sample.masked = [](auto row, auto col) { return row + col < 40; };
    if (type == float32)
      sample.value = [](int, auto row, auto) { return row == 60 ? std::nan("") : 0.1; };
    write_sample(folder / "in.tif", sample);
    write_cog(folder / "in.tif", folder / "out.tif", {.overwrite = "replace"});
    const auto out = open(folder / "out.tif");
    CHECK(out->info().bands[0].type == type);
    CHECK(same_pixels(read_all(*open(folder / "in.tif")), read_all(*out)));
  }
}

TEST_CASE("bands are kept in the order asked for; none means all") {
  const SampleFolder folder;
  write_sample(folder / "in.tif", {.rows = 60, .cols = 50, .bands = 4, .nodata = 50});
  const auto in = [&](int band) { return read_all(*open(folder / "in.tif", band)); };
  write_cog(folder / "in.tif", folder / "one.tif", {});
  CHECK(open(folder / "one.tif")->info().bands.size() == 1);
  write_cog(folder / "in.tif", folder / "two.tif", {.bands = {3, 2}});
  REQUIRE(open(folder / "two.tif")->info().bands.size() == 2);
  CHECK(same_pixels(read_all(*open(folder / "two.tif", 1)), in(3)));
  CHECK(same_pixels(read_all(*open(folder / "two.tif", 2)), in(2)));
  write_cog(folder / "in.tif", folder / "all.tif", {.bands = {}});
  REQUIRE(open(folder / "all.tif")->info().bands.size() == 4);
  CHECK(same_pixels(read_all(*open(folder / "all.tif", 4)), in(4)));
  CHECK(failure_of(folder / "in.tif", folder / "x.tif", {.bands = {5}}) ==
        ErrorKind::invalid_input);
  CHECK(failure_of(folder / "in.tif", folder / "x.tif", {.bands = {0}}) ==
        ErrorKind::invalid_input);
}

TEST_CASE("a reprojected COG lies in web mercator where the raster lay") {
  const SampleFolder folder;
  write_sample(folder / "in.tif",
               {.rows = 300, .cols = 300, .nodata = 0, .value = [](int, auto, auto col) {
                  return col < 150 ? 0 : 500;
                }});
  for (const bool in_memory : {true, false}) {
    CAPTURE(in_memory);
    write_cog(folder / "in.tif", folder / "out.tif",
              {.reproject = true, .in_memory = in_memory, .overwrite = "replace"});
    CHECK(validate_cog(folder / "out.tif").valid);
    const auto in = open(folder / "in.tif");
    const auto out = open(folder / "out.tif");
    CHECK(out->info().crs->epsg_code() == 3857);
    CHECK(out->info().bands.size() == 1);
    CHECK(out->info().bands[0].nodata == 0);
    const Box box = Transform{*in->info().crs, Crs::web_mercator()}(
        bounds_of(in->info().affine, in->info().rows, in->info().cols));
    const Box got = bounds_of(out->info().affine, out->info().rows, out->info().cols);
    CHECK(got.west == doctest::Approx(box.west));
    CHECK(got.north == doctest::Approx(box.north));
    CHECK(std::abs(got.east - box.east) < 40);
    const Image image = read_all(*out);
    const auto valid = static_cast<double>(std::ranges::count(image.valid(), 1));
    CHECK(valid / static_cast<double>(image.pixels()) ==
          doctest::Approx(0.5).epsilon(0.06));
    for (std::size_t i = 0; i < image.pixels(); ++i)
      if (image.valid()[i] != 0) REQUIRE(image.values<std::uint16_t>()[i] == 500);
  }
  CHECK(folder.files() == Names{"in.tif", "out.tif"});
  write_sample(folder / "nowhere.tif", {.crs = ""});
  CHECK(failure_of(folder / "nowhere.tif", folder / "x.tif", {.reproject = true}) ==
        ErrorKind::unsupported);
  CHECK(failure_of(folder / "nowhere.tif", folder / "x.tif") == std::nullopt);
}

TEST_CASE("an output that exists is refused, and replaced only if asked for") {
  const SampleFolder folder;
  write_sample(folder / "in.tif", {.rows = 20, .cols = 20});
  std::ofstream{folder / "out.tif"} << "precious";
  CHECK(failure_of(folder / "in.tif", folder / "out.tif") == ErrorKind::conflict);
  CHECK(std::filesystem::file_size(folder / "out.tif") == 8);
  CHECK(failure_of(folder / "in.tif", folder / "out.tif", {.overwrite = "replace"}) ==
        std::nullopt);
  CHECK(validate_cog(folder / "out.tif").valid);
  CHECK(failure_of(folder / "in.tif", folder / "in.tif", {.overwrite = "replace"}) ==
        std::nullopt);
  CHECK(validate_cog(folder / "in.tif").valid);
  CHECK(failure_of(folder / "in.tif", folder / "") == ErrorKind::conflict);
  CHECK(failure_of(folder / "in.tif", folder / "no/out.tif") == ErrorKind::not_found);
  CHECK(folder.files() == Names{"in.tif", "out.tif"});
}

TEST_CASE("an output that appears meanwhile is not overwritten") {
  const SampleFolder folder;
  write_sample(folder / "in.tif", {.rows = 20, .cols = 20});
  const auto rival = [&](double) { std::ofstream{folder / "out.tif"} << "rival"; };
  CHECK(failure_of(folder / "in.tif", folder / "out.tif", {}, rival) ==
        ErrorKind::conflict);
  CHECK(std::filesystem::file_size(folder / "out.tif") == 5);
  CHECK(folder.files() == Names{"in.tif", "out.tif"});
}

TEST_CASE("a bad input leaves nothing behind") {
  const SampleFolder folder;
  write_sample(folder / "cut.tif", large_sample());
  truncate_sample(folder / "cut.tif", 0.6);
  std::ofstream{folder / "text.tif"} << "no raster";
  Sample sample = large_sample();
  sample.options = {"COMPRESS=DEFLATE"};
  write_sample(folder / "torn.tif", sample);
  std::fstream torn{folder / "torn.tif", std::ios::in | std::ios::out | std::ios::binary};
  torn.seekp(100'000);
  torn << std::string(4000, '\xff');
  torn.close();
  const Names before = folder.files();
  for (const bool in_memory : {true, false}) {
    const CogOptions options{.in_memory = in_memory};
    CHECK(failure_of(folder / "cut.tif", folder / "x.tif", options) ==
          ErrorKind::corrupt_data);
    CHECK(failure_of(folder / "text.tif", folder / "x.tif", options) ==
          ErrorKind::corrupt_data);
    CHECK(failure_of(folder / "torn.tif", folder / "x.tif", options) ==
          ErrorKind::corrupt_data);
    CHECK(failure_of(folder / "gone.tif", folder / "x.tif", options) ==
          ErrorKind::not_found);
  }
  CHECK(folder.files() == before);
}

TEST_CASE("options out of their range are refused by name") {
  const SampleFolder folder;
  write_sample(folder / "in.tif");
  for (const CogOptions& options :
       {CogOptions{.compression = "zip"}, CogOptions{.resampling_method = "linear"},
        CogOptions{.overwrite = "maybe"}, CogOptions{.threads = -1}})
    CHECK(failure_of(folder / "in.tif", folder / "x.tif", options) ==
          ErrorKind::invalid_input);
  CHECK(folder.files() == Names{"in.tif"});
}

TEST_CASE("cancelled or late work leaves nothing behind") {
  const SampleFolder folder;
  write_sample(folder / "in.tif", large_sample());
  for (const bool reproject : {false, true})
    for (const bool in_memory : {false, true}) {
      const CogOptions options{.reproject = reproject, .in_memory = in_memory};
      std::stop_source stop;
      const auto stop_soon = [&](double done) {
        if (done > 0.2) stop.request_stop();
      };
      CHECK(failure_of(folder / "in.tif", folder / "x.tif", options, stop_soon,
                       {.stop = stop.get_token()}) == ErrorKind::cancelled);
      CHECK(failure_of(folder / "in.tif", folder / "x.tif", options, {},
                       {.deadline = Context::Clock::now() - std::chrono::seconds{1}}) ==
            ErrorKind::timeout);
    }
  CHECK(folder.files() == Names{"in.tif"});
}

TEST_CASE("an exception of the progress callback comes out as it was") {
  const SampleFolder folder;
  write_sample(folder / "in.tif", large_sample());
  const auto tired = [](double) { throw invalid("tired"); };
  CHECK_THROWS_WITH_AS(write_cog(folder / "in.tif", folder / "x.tif", {}, tired),
                       doctest::Contains("tired"), Error);
  CHECK(folder.files() == Names{"in.tif"});
}

TEST_CASE("progress grows from nothing to one") {
  const SampleFolder folder;
  write_sample(folder / "in.tif", large_sample());
  for (const bool reproject : {false, true}) {
    std::vector<double> seen;
    write_cog(folder / "in.tif", folder / "out.tif",
              {.reproject = reproject, .overwrite = "replace", .threads = 2},
              [&](double done) { seen.push_back(done); });
    CHECK(std::ranges::is_sorted(seen));
    CHECK(seen.size() > 4);
    CHECK(seen.front() >= 0);
    CHECK(seen.back() == 1);
  }
}

TEST_CASE("a disk that is full can be tried again and holds nothing of the try") {
  const SampleFolder folder;
  write_sample(folder / "in.tif", large_sample());
  for (const bool reproject : {false, true})
    for (const bool in_memory : {false, true}) {
      CAPTURE(reproject);
      CAPTURE(in_memory);
      std::optional<ErrorKind> kind;
      {
        const FileSizeLimit limit{100'000};
        kind = failure_of(folder / "in.tif", folder / "x.tif",
                          {.reproject = reproject, .in_memory = in_memory});
      }
      CHECK(kind == ErrorKind::unavailable);
    }
  CHECK(folder.files() == Names{"in.tif"});
}

TEST_CASE("what a killed run left is removed by the next, and only that") {
  const SampleFolder folder;
  write_sample(folder / "in.tif", {.rows = 20, .cols = 20});
  // Learn this machine's mark from the name of a file under way.
  std::string under_way;
  write_cog(folder / "in.tif", folder / "out.tif", {.in_memory = false}, [&](double) {
    for (const std::string& name : folder.files())
      if (name.starts_with(".out.tif.terrazzo-")) under_way = name;
  });
  REQUIRE_FALSE(under_way.empty());
  const std::string family =
      under_way.substr(0, under_way.rfind(std::to_string(::getpid())));
  const auto touch = [&](const std::string& name) {
    std::ofstream{folder / name} << "x";
  };
  touch(family + "999999999-1.tmp");  // no such process
  touch(family + "999999999-1.tmp.ovr.tmp");
  touch(family + std::to_string(::getpid()) + "-777.tmp");  // alive: this one
  touch(".out.tif.terrazzo-elsewhere-999999999-1.tmp");     // of another machine
  touch(".other.tif");
  write_cog(folder / "in.tif", folder / "out.tif", {.overwrite = "replace"});
  Names expected{".other.tif", ".out.tif.terrazzo-elsewhere-999999999-1.tmp",
                 family + std::to_string(::getpid()) + "-777.tmp", "in.tif", "out.tif"};
  std::ranges::sort(expected);
  CHECK(folder.files() == expected);
}

TEST_CASE("a file that is not a COG is told why") {
  const SampleFolder folder;
  const auto report_of = [&](const Sample& sample) {
    write_sample(folder / "a.tif", sample);
    return validate_cog(folder / "a.tif");
  };
  const auto says = [](const std::vector<std::string>& reasons,
                       const std::string& words) {
    return std::ranges::any_of(reasons, [&](const std::string& reason) {
      return reason.find(words) != std::string::npos;
    });
  };
  const CogReport small = report_of({.rows = 100, .cols = 100});
  CHECK(small.warnings.empty());
  const CogReport striped = report_of({.rows = 600, .cols = 600});
  CHECK_FALSE(striped.valid);
  CHECK(says(striped.errors, "not tiled"));
  CHECK(says(striped.warnings, "no overviews"));
  const CogReport late = report_of({.rows = 600,
                                    .cols = 600,
                                    .options = {"TILED=YES", "COMPRESS=DEFLATE"},
                                    .overviews = {2, 4}});
  CHECK_FALSE(late.valid);
  CHECK(says(late.errors, "stand before"));
  std::ofstream{folder / "a.vrt"}
      << "<VRTDataset rasterXSize='4' rasterYSize='4'>"
         "<VRTRasterBand dataType='Byte' band='1'/></VRTDataset>";
  CHECK(says(validate_cog(folder / "a.vrt").errors, "not a GeoTIFF"));
  CHECK_THROWS_AS(validate_cog(folder / "none.tif"), Error);
  std::ofstream{folder / "text.tif"} << "no raster";
  CHECK_THROWS_AS(validate_cog(folder / "text.tif"), Error);
}

TEST_CASE("a COG that was cut is not valid") {
  const SampleFolder folder;
  write_sample(folder / "in.tif", large_sample());
  write_cog(folder / "in.tif", folder / "out.tif", {});
  truncate_sample(folder / "out.tif", 0.9);
  const CogReport report = validate_cog(folder / "out.tif");
  CHECK_FALSE(report.valid);
}

TEST_CASE("a raster's facts as JSON hold what there is and leave out what there is not") {
  const SampleFolder folder;
  write_sample(folder / "in.tif", {.type = ElementType::float32, .nodata = std::nan("")});
  const Json json = info_json(open(folder / "in.tif")->info());
  CHECK(json["rows"] == 256);
  CHECK(json["crs"]["epsg"] == 32633);
  CHECK(json["bands"][0]["type"] == "float32");
  CHECK(json["bands"][0]["nodata"] == "nan");
  CHECK_FALSE(json.contains("compression"));
  CHECK_FALSE(json["bands"][0].contains("labels"));
  CHECK_NOTHROW(json.dump());
}

TEST_CASE("class names of the input come along, also when it is reprojected") {
  const SampleFolder folder;
  write_sample(folder / "classes.tif",
               {.type = ElementType::uint8, .rows = 20, .cols = 20});
  std::ofstream{(folder / "classes.tif").string() + ".aux.xml"}
      << "<PAMDataset><PAMRasterBand band='1'><CategoryNames><Category></Category>"
         "<Category>water &amp; "
         "ice</Category></CategoryNames></PAMRasterBand></PAMDataset>";
  for (const bool reproject : {false, true}) {
    const auto output = folder / (reproject ? "b.tif" : "a.tif");
    write_cog(folder / "classes.tif", output,
              {.resampling_method = "nearest", .reproject = reproject});
    CHECK(open(output)->info().bands[0].labels ==
          std::map<double, std::string>{{1, "water & ice"}});
  }
}
