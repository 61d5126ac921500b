#include "terrazzo/io/tiff_files.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <fstream>
#include <map>
#include <thread>

#include "support/loopback_server.hpp"
#include "support/scratch_folder.hpp"
#include "support/thrown.hpp"
#include "support/tiled_tiff.hpp"
#include "terrazzo/io/tiff_header.hpp"
#include "terrazzo/io/tiff_opener.hpp"

using namespace terrazzo;
using namespace terrazzo::io;
using terrazzo::testing::kind_of;
using terrazzo::testing::LoopbackServer;
using terrazzo::testing::ScratchFolder;
using terrazzo::testing::ScriptedAnswer;
using terrazzo::testing::SeenRequest;
using terrazzo::testing::TiledTiff;

namespace {

class MemoryHeaders final : public HeaderStore {
 public:
  std::optional<std::vector<std::byte>> find(const std::string& uri) noexcept override {
    const std::lock_guard lock{mutex_};
    const auto at = headers.find(uri);
    return at == headers.end() ? std::nullopt : std::optional{at->second};
  }
  void keep(const std::string& uri, std::span<const std::byte> header) noexcept override {
    const std::lock_guard lock{mutex_};
    headers[uri] = {header.begin(), header.end()};
  }
  std::map<std::string, std::vector<std::byte>> headers{};

 private:
  std::mutex mutex_;
};

// Values change with `seed`; so many tiles that the head does not hold them all.
TiledTiff scene(std::uint8_t seed = 0) {
  return {.side = 512,
          .block = 64,
          .levels = 2,
          .box = {0, 0, 512, 512},
          .pixel = [seed](std::size_t row, std::size_t col) {
            return static_cast<std::uint8_t>(1 + (row / 8 * 7 + col / 8 + seed) % 250);
          }};
}

// The pixels of the right lower quarter, which no head brings along.
bool shows(const RasterOpener& opener, const std::string& url, const TiledTiff& tiff) {
  const auto image = opener.open(url)->read_warped({.box = {256, 0, 512, 256},
                                                    .rows = 256,
                                                    .cols = 256,
                                                    .resampling = Resampling::nearest,
                                                    .reprojection = Resampling::nearest});
  REQUIRE(image);
  for (std::size_t row = 0; row < 256; ++row)
    for (std::size_t col = 0; col < 256; ++col)
      if (image->values<std::uint8_t>()[row * 256 + col] !=
          tiff.pixel(row + 256, col + 256))
        return false;
  return true;
}

bool asks_for_head(const SeenRequest& request) {
  return request.header("range") == "bytes=0-32767";
}

class FakeClock {
 public:
  using Time = std::chrono::steady_clock::time_point;

  Time now() const { return Time{std::chrono::seconds{seconds_}}; }
  void pass(std::chrono::seconds time) { seconds_ += time.count(); }
  std::function<Time()> reader() const {
    return [this] { return now(); };
  }

 private:
  std::atomic<std::int64_t> seconds_{1'000'000};
};

// A file on a server that can be replaced.
struct Remote {
  std::string bytes = built(scene()).text();
  std::string etag = "\"v1\"";
  std::atomic<int> status = 0;  // of all answers; 0: what they should be
  std::mutex mutex{};
  LoopbackServer server{[this](const SeenRequest& request) {
    const std::lock_guard lock{mutex};
    if (status != 0) return ScriptedAnswer{.status = status};
    return testing::file_answer(request, bytes, etag);
  }};
  std::shared_ptr<MemoryHeaders> headers = std::make_shared<MemoryHeaders>();

  std::string url() const { return server.url("/a.tif"); }
  void replace(const TiledTiff& tiff) {
    const std::lock_guard lock{mutex};
    bytes = built(tiff).text();
    etag = "\"v2\"";
  }
  // As a process that has just begun.
  std::unique_ptr<RasterOpener> fresh_opener() const {
    return tiff_opener({.headers = headers});
  }
  std::size_t heads_asked() const {
    const auto seen = server.seen();
    return static_cast<std::size_t>(std::ranges::count_if(seen, asks_for_head));
  }
};

}  // namespace

TEST_CASE("a process that knows a file's header asks for its blocks at once") {
  Remote remote;
  CHECK(shows(*remote.fresh_opener(), remote.url(), scene()));
  CHECK(remote.heads_asked() == 1);
  CHECK(remote.headers->headers.size() == 1);
  const std::size_t before = remote.server.seen().size();
  CHECK(shows(*remote.fresh_opener(), remote.url(), scene()));
  CHECK(remote.heads_asked() == 1);
  const auto seen = remote.server.seen();
  REQUIRE(seen.size() > before);
  for (std::size_t i = before; i < seen.size(); ++i)
    CHECK(seen[i].header("if-match") == "\"v1\"");
}

TEST_CASE("a kept header of a file that was replaced is noticed and replaced") {
  Remote remote;
  CHECK(shows(*remote.fresh_opener(), remote.url(), scene()));
  remote.replace(scene(9));
  CHECK(shows(*remote.fresh_opener(), remote.url(), scene(9)));
  CHECK(remote.heads_asked() == 2);
  CHECK(shows(*remote.fresh_opener(), remote.url(), scene(9)));
  CHECK(remote.heads_asked() == 2);
}

TEST_CASE("a kept header that is damaged, or of another file, is as none") {
  Remote remote;
  shows(*remote.fresh_opener(), remote.url(), scene());
  auto& header = remote.headers->headers.at(remote.url());
  const auto good = header;
  header[20] ^= std::byte{1};
  CHECK(shows(*remote.fresh_opener(), remote.url(), scene()));
  CHECK(header == good);  // written anew
  TiffHeader wrong = unpacked(good);
  wrong.pin = "nonsense";
  header = packed(wrong);
  CHECK(shows(*remote.fresh_opener(), remote.url(), scene()));
  wrong = unpacked(good);
  wrong.file_size += 1;
  header = packed(wrong);
  CHECK(shows(*remote.fresh_opener(), remote.url(), scene()));
  CHECK(remote.heads_asked() == 4);
}

TEST_CASE("headers of files of this machine are not kept") {
  const ScratchFolder folder;
  Remote remote;
  std::ofstream{folder / "a.tif", std::ios::binary} << remote.bytes;
  CHECK(shows(*remote.fresh_opener(), folder / "a.tif", scene()));
  CHECK(remote.headers->headers.empty());
}

TEST_CASE("a fault of the server leaves nothing wrong behind") {
  Remote remote;
  const std::vector<ScriptedAnswer> faults{{.status = 403},
                                           {.status = 404},
                                           {.status = 200, .body = "no ranges here"},
                                           {.status = 206, .body = "whose?"},
                                           {.status = 416}};
  std::atomic<std::size_t> next{0};
  std::atomic<bool> sick{true};
  const LoopbackServer server{[&](const SeenRequest& request) {
    return sick && !asks_for_head(request) ? faults[next]
                                           : testing::file_answer(request, remote.bytes);
  }};
  const auto opener = tiff_opener({.headers = remote.headers});
  for (std::size_t i = 0; i < faults.size(); ++i) {
    next = i;
    sick = true;
    CAPTURE(i);
    CHECK_THROWS_AS(shows(*opener, server.url("/a.tif"), scene()), Error);
    sick = false;
    CHECK(
        shows(*tiff_opener({.headers = remote.headers}), server.url("/a.tif"), scene()));
  }
  CHECK(shows(*opener, server.url("/a.tif"), scene()));
}

TEST_CASE("who goes away while a file is opened does not wait for its server") {
  const LoopbackServer server{
      [](const SeenRequest&) { return ScriptedAnswer{.mute = true}; }};
  std::stop_source stop;
  std::thread stopper{[&] {
    server.wait_for(1);
    stop.request_stop();
  }};
  const auto opener = tiff_opener();
  CHECK(kind_of([&] {
          opener->open(server.url("/a.tif"), 1, {.stop = stop.get_token()});
        }) == ErrorKind::cancelled);
  stopper.join();
}

TEST_CASE("with a disk cache the next process reads blocks from there") {
  const ScratchFolder folder;
  Remote remote;
  const auto opener = [&] {
    return tiff_opener(
        {.headers = remote.headers,
         .disk = std::make_shared<DiskCache>(folder.path(), std::uint64_t{64} << 20U)});
  };
  CHECK(shows(*opener(), remote.url(), scene()));
  const std::size_t before = remote.server.seen().size();
  CHECK(shows(*opener(), remote.url(), scene()));
  CHECK(remote.server.seen().size() == before);
}

TEST_CASE("a remote file is asked for once a minute, by one of those who want to know") {
  Remote remote;
  FakeClock clock;
  const auto opener = tiff_opener({.now = clock.reader()});
  const Generation first = opener->generation(remote.url());
  CHECK(first.text == "\"v1\"");
  CHECK(opener->generation(remote.url()).text == first.text);
  CHECK(shows(*opener, remote.url(), scene()));
  CHECK(remote.heads_asked() == 1);
  clock.pass(std::chrono::seconds{59});
  CHECK(clock.now() < first.until);
  clock.pass(std::chrono::seconds{2});
  CHECK(clock.now() > first.until);
  {
    std::vector<std::jthread> askers;
    for (int i = 0; i < 8; ++i)
      askers.emplace_back(
          [&] { CHECK(opener->generation(remote.url()).text == first.text); });
  }
  CHECK(shows(*opener, remote.url(), scene()));
  CHECK(remote.heads_asked() == 2);
}

TEST_CASE("a remote file that was replaced is another one a minute later") {
  Remote remote;
  FakeClock clock;
  const auto opener = tiff_opener({.now = clock.reader()});
  const Generation first = opener->generation(remote.url());
  remote.replace(scene(9));
  clock.pass(std::chrono::seconds{61});
  CHECK(opener->generation(remote.url()).text == "\"v2\"");
  CHECK(shows(*opener, remote.url(), scene(9)));
}

TEST_CASE("a replaced remote file is another one as soon as reading it tells") {
  Remote remote;
  const auto opener = tiff_opener();
  CHECK(opener->generation(remote.url()).text == "\"v1\"");
  remote.replace(scene(9));
  CHECK(shows(*opener, remote.url(), scene(9)));
  CHECK(opener->generation(remote.url()).text == "\"v2\"");
}

TEST_CASE("while its server fails a remote file is taken to be what it was") {
  Remote remote;
  FakeClock clock;
  const auto opener = tiff_opener({.now = clock.reader()});
  remote.status = 503;
  CHECK(kind_of([&] { opener->generation(remote.url()); }) == ErrorKind::unavailable);
  remote.status = 0;
  CHECK(opener->generation(remote.url()).text == "\"v1\"");
  CHECK(shows(*opener, remote.url(), scene()));
  remote.status = 503;
  clock.pass(std::chrono::seconds{61});
  const Generation kept = opener->generation(remote.url());
  CHECK(kept.text == "\"v1\"");
  CHECK(kept.until == clock.now() + std::chrono::seconds{10});
  CHECK(shows(*opener, remote.url(), scene()));  // from blocks that are kept
  remote.replace(scene(9));
  remote.status = 0;
  clock.pass(std::chrono::seconds{11});
  CHECK(opener->generation(remote.url()).text == "\"v2\"");
  for (const int status : {403, 404}) {
    remote.status = status;
    clock.pass(std::chrono::seconds{61});
    CHECK_THROWS_AS(opener->generation(remote.url()), Error);
  }
}

TEST_CASE("what is no TIFF is asked for once a minute, too, and its content unknown") {
  Remote remote;
  remote.bytes = std::string(100'000, 'x');
  FakeClock clock;
  const auto opener = tiff_opener({.now = clock.reader()});
  for (int i = 0; i < 3; ++i) CHECK(opener->generation(remote.url()).text.empty());
  CHECK(remote.heads_asked() == 1);
  remote.replace(scene());
  clock.pass(std::chrono::seconds{61});
  CHECK(opener->generation(remote.url()).text == "\"v2\"");
}

TEST_CASE("a server that tells nothing of its files is believed for a minute") {
  std::mutex mutex;
  std::string bytes = built(scene()).text();
  const LoopbackServer server{[&](const SeenRequest& request) {
    const std::lock_guard lock{mutex};
    ScriptedAnswer answer = testing::file_answer(request, bytes);
    std::erase_if(answer.headers, [](const auto& h) { return h.first == "ETag"; });
    return answer;
  }};
  FakeClock clock;
  const auto opener = tiff_opener({.now = clock.reader()});
  const std::string url = server.url("/a.tif");
  const Generation first = opener->generation(url);
  CHECK(shows(*opener, url, scene()));
  CHECK(opener->generation(url).text == first.text);
  {
    const std::lock_guard lock{mutex};
    bytes = built(scene(9)).text();  // of the same size
  }
  clock.pass(std::chrono::seconds{61});
  CHECK(opener->generation(url).text != first.text);
  CHECK(shows(*opener, url, scene(9)));
}

TEST_CASE("names of classes beside a file are left to GDAL, whatever names the file") {
  const ScratchFolder folder;
  std::ofstream{folder / "a.tif", std::ios::binary} << built(scene()).text();
  const auto opener = tiff_opener();
  const std::string uri = "file://" + (folder / "a.tif");
  CHECK(opener->open(uri)->info().rows == 512);
  const std::string text = "<PAMDataset><CategoryNames></CategoryNames></PAMDataset>";
  std::ofstream{folder / "b.tif.aux.xml"} << text;
  std::ofstream{folder / "b.tif", std::ios::binary} << built(scene()).text();
  for (const std::string scheme : {"", "file://"})
    CHECK(kind_of([&] { opener->open(scheme + (folder / "b.tif")); }) ==
          ErrorKind::unsupported);
}
