// A viewport of 5 x 3 tiles of a raster on a web server whose every answer takes 30 ms
// more, with nothing known of the file: records, ranges, blocks, pixels in web mercator.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <functional>
#include <mutex>
#include <sstream>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "benches.hpp"
#include "gdal_baseline.hpp"
#include "gdal_remote.hpp"
#include "pairs.hpp"
#include "scenes.hpp"
#include "support/loopback_server.hpp"
#include "terrazzo/formats/cog.hpp"
#include "terrazzo/io/tiff_opener.hpp"

namespace terrazzo::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int side = 4096;
constexpr int across = 5;
constexpr int down = 3;
constexpr std::chrono::milliseconds delay{30};
// Of the values' range: bilinear between other pixels where GDAL takes an overview.
constexpr double most_mean_difference = 30;

// Answers late, and remembers when.
class SlowServer {
 public:
  explicit SlowServer(std::string bytes)
      : bytes_(std::move(bytes)), server_([this](const testing::SeenRequest& request) {
          const auto begin = Clock::now();
          std::this_thread::sleep_for(delay);
          auto answer = testing::file_answer(request, bytes_);
          const std::lock_guard lock{mutex_};
          waits_.emplace_back(begin, Clock::now());
          return answer;
        }) {}

  std::string url() const { return server_.url("/scene.tif"); }

  // Of the requests since the last call: how many, and the most that came one after the
  // other's answer.
  std::pair<std::size_t, int> requests_and_depth() {
    const std::lock_guard lock{mutex_};
    std::ranges::sort(waits_, {}, &Wait::second);
    int depth = 0;
    Clock::time_point free{};
    for (const auto& [begin, end] : waits_) {
      if (begin < free) continue;
      ++depth;
      free = end;
    }
    const std::size_t count = waits_.size();
    waits_.clear();
    return {count, depth};
  }

 private:
  using Wait = std::pair<Clock::time_point, Clock::time_point>;

  const std::string bytes_;
  std::mutex mutex_;
  std::vector<Wait> waits_;
  testing::LoopbackServer server_;  // last: it uses the rest
};

std::string scene_bytes() {
  const Scratch scratch;
  make_scene(scratch.path("raw.tif"), side, 1);
  formats::write_cog(scratch.path("raw.tif"), scratch.path("a.tif"),
                     {.compression = "deflate"});
  std::ifstream file{scratch.path("a.tif"), std::ios::binary};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// In the middle of the scene, about as fine as its pixels.
std::vector<TileId> viewport(const io::RasterInfo& info) {
  const Box box =
      Transform{*info.crs, Crs::wgs84()}(bounds_of(info.affine, info.rows, info.cols));
  TileId middle = tile_at({(box.west + box.east) / 2, (box.south + box.north) / 2}, 13);
  std::vector<TileId> tiles;
  for (int row = 0; row < down; ++row)
    for (int col = 0; col < across; ++col)
      tiles.push_back({middle.z, middle.x + static_cast<std::uint64_t>(col) - across / 2,
                       middle.y + static_cast<std::uint64_t>(row) - down / 2});
  return tiles;
}

Image our_tile(const io::RasterOpener& opener, const std::string& url,
               const TileId& tile) {
  auto image = opener.open(url)->read_warped(
      {.box = mercator_box(tile), .resampling = io::Resampling::linear});
  if (!image) throw failure(ErrorKind::internal, "a tile of the viewport is empty");
  return std::move(*image);
}

// f(i) for every tile, each on a thread of its own, as a server has them.
void at_once(std::size_t count, const std::function<void(std::size_t)>& f) {
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < count; ++i) threads.emplace_back([&f, i] { f(i); });
  for (std::thread& thread : threads) thread.join();
}

void check_same(const std::string& url, const std::vector<TileId>& tiles) {
  const auto opener = io::tiff_opener();
  const auto theirs = gdal_tiles(url, tiles);
  double sum = 0;
  double count = 0;
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    const Image ours = our_tile(*opener, url, tiles[i]);
    const auto values = ours.values<std::uint16_t>();
    for (std::size_t k = 0; k < values.size(); ++k) {
      if (ours.valid()[k] == 0 || theirs[i][k] == 0) continue;
      sum += std::abs(static_cast<double>(values[k]) - theirs[i][k]);
      ++count;
    }
  }
  if (count == 0 || sum / count > most_mean_difference)
    throw failure(ErrorKind::internal, "pixels over HTTP differ by {:.1f} on average",
                  sum / count);
  fmt::print("    values differ by {:.2f} on average\n", sum / count);
}

}  // namespace

void remote() {
  set_up_remote_baseline();
  SlowServer server{scene_bytes()};
  const std::string url = server.url();
  const auto tiles = viewport(io::tiff_opener()->open(url)->info());
  check_same(url, tiles);
  const Side ours{[&](int) {
    const auto opener = io::tiff_opener();
    at_once(tiles.size(), [&](std::size_t i) { our_tile(*opener, url, tiles[i]); });
  }};
  const auto print_requests = [&](std::string_view who, const Side& whose) {
    server.requests_and_depth();
    whose.work(0);
    const auto [count, depth] = server.requests_and_depth();
    fmt::print("    {}: {} requests, {} round trips deep\n", who, count, depth);
  };
  const Side one_handle{[&](int) { gdal_tiles(url, tiles); }};
  const Side many_handles{[&](int) {
    at_once(tiles.size(), [&](std::size_t i) { gdal_tiles(url, {&tiles[i], 1}); });
  }};
  const Side one_tile{[&](int) { our_tile(*io::tiff_opener(), url, tiles[7]); }};
  const Side their_tile{[&](int) { gdal_tiles(url, {&tiles[7], 1}); }};
  run({.name = "viewport over +30 ms, nothing known",
       .baseline = "GDAL, tile after tile on one handle",
       .ours = ours,
       .theirs = one_handle,
       .before = forget_remote});
  run({.name = "viewport over +30 ms, nothing known",
       .baseline = "GDAL, a thread and a handle for each tile",
       .ours = ours,
       .theirs = many_handles,
       .before = forget_remote});
  run({.name = "first tile over +30 ms",
       .baseline = "GDAL",
       .ours = one_tile,
       .theirs = their_tile,
       .before = forget_remote});
  print_requests("terrazzo, viewport", ours);
  forget_remote();
  print_requests("GDAL, viewport, one handle", one_handle);
}

}  // namespace terrazzo::bench
