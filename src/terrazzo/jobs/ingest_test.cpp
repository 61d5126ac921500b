#include "terrazzo/jobs/ingest.hpp"

#include <doctest/doctest.h>

#include <atomic>

#include "terrazzo/catalog/catalog.hpp"
#include "terrazzo/jobs/test_files.hpp"

using namespace terrazzo;
using namespace terrazzo::jobs;

namespace {

// 4 x 4 pixels of 0..15 in degrees, three bands.
class FakeRaster : public io::Raster {
 public:
  explicit FakeRaster(int band) : band_(band) {
    info_.rows = info_.cols = 4;
    info_.affine = {0.1, 0, 10, 0, -0.1, 50};
    info_.crs = Crs::wgs84();
    info_.bands.resize(3);
    info_.block_rows = info_.block_cols = 4;
  }
  const io::RasterInfo& info() const override { return info_; }
  int band() const override { return band_; }
  Image read(const io::Window&, std::size_t rows, std::size_t cols,
             const Context& /*context*/) const override {
    Image image{ElementType::uint8, 1, rows, cols};
    std::uint8_t value = 0;
    for (auto& pixel : image.values<std::uint8_t>()) pixel = value++;
    return image;
  }
  std::optional<Image> read_warped(const io::WarpedRead& /*request*/,
                                   const Context& /*context*/) const override {
    return {};
  }

 private:
  io::RasterInfo info_;
  int band_;
};

// Files called bad* are no rasters.
class FakeOpener : public io::RasterOpener {
 public:
  std::shared_ptr<const io::Raster> open(const std::string& uri, int band,
                                         const Context&) const override {
    ++opened;
    if (std::filesystem::path{uri}.filename().string().starts_with("bad"))
      throw failure(ErrorKind::corrupt_data, "this is not a raster");
    if (band > 3) throw invalid("it has 3 bands, not {}", band);
    return std::make_shared<FakeRaster>(band);
  }
  mutable std::atomic<int> opened = 0;
};

struct Fixture {
  TestFolder folder;
  FakeOpener opener;

  Fixture() {
    folder.touch("a_1.tif");
    folder.touch("a_2.tif");
    folder.touch("b_1.tif");
  }
  IngestRequest request() const {
    IngestRequest request;
    request.pattern = folder / "{name}_{number}.tif";
    request.output = folder / "out.sqlite";
    return request;
  }
  IngestReport run(const IngestRequest& request) const { return ingest(request, opener); }
  std::vector<catalog::Record> records() const {
    return catalog::open_catalog(folder / "out.sqlite")->find({.with_metadata = true});
  }
  std::string message_of(const IngestRequest& request,
                         ErrorKind kind = ErrorKind::invalid_input) const {
    try {
      run(request);
    } catch (const Error& e) {
      CHECK(e.kind() == kind);
      return e.message();
    }
    return "";
  }
};

std::vector<std::string> names_of(const catalog::Catalog& catalog) {
  std::vector<std::string> names;
  for (const auto& key : catalog.key_names()) names.push_back(key.name);
  return names;
}

}  // namespace

TEST_CASE_FIXTURE(Fixture,
                  "a new catalogue holds every file with its keys and metadata") {
  const auto report = run(request());
  CHECK(report.inserted == 3);
  CHECK(report.has_catalog);
  CHECK(report.key_names == std::vector<std::string>{"name", "number"});
  const auto all = records();
  REQUIRE(all.size() == 3);
  CHECK(all[2].keys == catalog::Keys{"b", "1"});
  CHECK(all[2].path == folder / "b_1.tif");
  REQUIRE(all[0].metadata);
  CHECK(all[0].metadata->high == 15);
  CHECK(all[0].metadata->bounds.west == doctest::Approx(10));
}

TEST_CASE_FIXTURE(Fixture, "without metadata no file is opened") {
  auto quick = request();
  quick.skip_metadata = true;
  CHECK(run(quick).inserted == 3);
  CHECK(opener.opened == 0);
  CHECK_FALSE(records()[0].metadata);
}

TEST_CASE_FIXTURE(Fixture, "the RGB key becomes the last") {
  auto other = request();
  other.rgb_key = "name";
  run(other);
  CHECK(records()[0].keys == catalog::Keys{"1", "a"});
  other.rgb_key = "colour";
  CHECK(message_of(other).find("it is one of: name, number") != std::string::npos);
}

TEST_CASE_FIXTURE(
    Fixture, "appending takes the same key names and orders values as the catalogue") {
  run(request());
  folder.touch("9-c.tif");
  auto more = request();
  more.pattern = folder / "{number}-{name}.tif";
  CHECK(run(more).inserted == 1);
  CHECK(records().back().keys == catalog::Keys{"c", "9"});

  more.rgb_key = "name";
  CHECK(message_of(more).find("the last key of the database is 'number'") == 0);
}

TEST_CASE_FIXTURE(Fixture, "other key names are refused and nothing is inserted") {
  run(request());
  auto other = request();
  other.pattern = folder / "{name}_{date}.tif";
  CHECK(message_of(other) ==
        "incompatible key names: the database has (name, number), not (name, date); "
        "nothing was "
        "inserted");
  CHECK(records().size() == 3);
}

TEST_CASE_FIXTURE(Fixture, "ingesting again replaces, or skips what is there") {
  run(request());
  CHECK(run(request()).inserted == 3);
  auto skipping = request();
  skipping.skip_existing = true;
  folder.touch("c_1.tif");
  const int before = opener.opened;
  const auto report = run(skipping);
  CHECK(report.inserted == 1);
  CHECK(report.skipped == 3);
  CHECK(opener.opened == before + 1);
  CHECK(records().size() == 4);
}

TEST_CASE_FIXTURE(Fixture, "a bad file is listed, the others are entered") {
  folder.touch("bad_1.tif");
  const auto report = run(request());
  CHECK(report.inserted == 3);
  REQUIRE(report.failed.size() == 1);
  CHECK(report.failed[0].path == folder / "bad_1.tif");
  CHECK(report.failed[0].kind == ErrorKind::corrupt_data);
  CHECK(records().size() == 3);
}

TEST_CASE_FIXTURE(Fixture, "if nothing can be entered, no catalogue is made") {
  folder.touch("bad_1.tif");
  auto bad = request();
  bad.pattern = folder / "ba{name}_{number}.tif";
  const auto report = run(bad);
  CHECK(report.failed.size() == 1);
  CHECK_FALSE(report.has_catalog);
  CHECK_FALSE(std::filesystem::exists(folder / "out.sqlite"));
}

TEST_CASE_FIXTURE(Fixture, "bands become datasets with a key of their own") {
  auto banded = request();
  banded.bands = "1=blue,3=red";
  CHECK(run(banded).inserted == 6);
  const auto all = records();
  CHECK(all[0].keys == catalog::Keys{"a", "1", "blue"});
  CHECK(all[1].keys == catalog::Keys{"a", "1", "red"});
  CHECK(all[0].band == 1);
  CHECK(all[1].band == 3);
  CHECK(names_of(*catalog::open_catalog(folder / "out.sqlite")).back() == "band");
}

TEST_CASE_FIXTURE(Fixture, "all bands of a file are found, or nothing of it is entered") {
  auto banded = request();
  banded.bands = "all";
  CHECK(run(banded).inserted == 9);
  CHECK(records()[2].keys == catalog::Keys{"a", "1", "3"});
  banded.overwrite = true;
  banded.bands = "1,4";
  const auto report = run(banded);
  CHECK(report.inserted == 0);
  CHECK(report.failed.size() == 3);
  CHECK(records().size() == 9);
}

TEST_CASE_FIXTURE(Fixture, "bands that cannot be are refused") {
  auto banded = request();
  for (const char* bands : {"0", "x", "1,", "1,1", "1=a,2=a", "1=", "1=a/b"}) {
    CAPTURE(bands);
    banded.bands = bands;
    CHECK_FALSE(message_of(banded).empty());
  }
  banded.bands = "1";
  banded.band_key = "name";
  CHECK(message_of(banded).find("has a key 'name' already") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "a new catalogue takes the place of the old one at once") {
  run(request());
  auto other = request();
  other.pattern = folder / "a_{date}.tif";
  other.only_new = true;
  CHECK_FALSE(message_of(other, ErrorKind::conflict).empty());
  other.overwrite = true;
  CHECK(run(other).inserted == 2);
  CHECK(records()[0].keys == catalog::Keys{"1"});
  CHECK(folder.names() ==
        std::vector<std::string>{"a_1.tif", "a_2.tif", "b_1.tif", "out.sqlite"});
}

TEST_CASE_FIXTURE(Fixture,
                  "a stop keeps what was read, and leaves an old catalogue as it was") {
  run(request());
  folder.touch("c_1.tif");
  for (const bool overwrite : {false, true}) {
    auto stopped = request();
    stopped.overwrite = overwrite;
    stopped.threads = 1;
    std::stop_source stop;
    CHECK_THROWS_AS(ingest(stopped, opener, [&](const Progress&) { stop.request_stop(); },
                           {.stop = stop.get_token()}),
                    Error);
    CHECK(records().size() == 3);
  }
}

TEST_CASE_FIXTURE(Fixture, "an old catalogue is replaced with what others have open") {
  run(request());
  const auto server = catalog::open_catalog(folder / "out.sqlite");
  server->insert({{"late", "1"}, "in the log beside the file"});
  CHECK(server->count({}) == 4);
  auto other = request();
  other.overwrite = true;
  CHECK(run(other).inserted == 3);
  CHECK(server->count({}) == 3);
  CHECK_FALSE(server->get({"late", "1"}));
  server->insert({{"later", "1"}, "p"});
  CHECK(records().size() == 4);
}

TEST_CASE_FIXTURE(Fixture, "what one was told and cannot have any effect is refused") {
  auto idle = request();
  idle.band_key = "colour";
  CHECK(message_of(idle) == "'band_key' says nothing without 'bands'");
  idle = request();
  for (const char* nothing : {"", "sqlite:///"}) {
    idle.output = nothing;
    CHECK_FALSE(message_of(idle).empty());
  }
  idle.output = folder.path();
  CHECK(message_of(idle).find("is a folder, not a catalogue") != std::string::npos);
  idle.overwrite = true;
  CHECK(message_of(idle).find("is a folder, not a catalogue") != std::string::npos);
  CHECK(opener.opened == 0);
}

TEST_CASE_FIXTURE(Fixture, "reserved key names are said before any file is read") {
  auto reserved = request();
  for (const char* name : {"path", "Limit", "terrazzo_x", "metadata"}) {
    CAPTURE(name);
    reserved.pattern = folder / (std::string{"{"} + name + "}_1.tif");
    CHECK_FALSE(message_of(reserved).empty());
  }
  reserved.pattern = folder / "{path}_1.tif";
  CHECK(message_of(reserved).find("reserved are limit, page, path") != std::string::npos);
  CHECK(opener.opened == 0);
}

TEST_CASE_FIXTURE(Fixture,
                  "what is not a catalogue or has no folder is said before work") {
  auto wrong = request();
  wrong.output = folder / "none/out.sqlite";
  CHECK_FALSE(message_of(wrong, ErrorKind::not_found).empty());
  wrong.output = folder.touch("empty.sqlite");
  CHECK_FALSE(message_of(wrong, ErrorKind::corrupt_data).empty());
  CHECK(opener.opened == 0);
}
