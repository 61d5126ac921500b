// What pictures of files on other machines are known by.

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

#include <doctest/doctest.h>

#include "support/thrown.hpp"
#include "terrazzo/catalog/headers.hpp"
#include "terrazzo/maps/test_world.hpp"

using namespace terrazzo;
using namespace terrazzo::maps;
using namespace terrazzo::maps::testing;
using terrazzo::testing::kind_of;

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto long_ago = Clock::time_point{};
constexpr auto far_ahead = Clock::time_point::max();

// What a server says of its files, and what becomes of whoever reads them.
struct Server {
  std::mutex mutex{};
  io::Generation generation{"v1", far_ahead};
  std::function<void(const Context&)> while_reading{};

  void tells(io::Generation now) {
    const std::lock_guard lock{mutex};
    generation = std::move(now);
  }
};

class RemoteRamp : public Ramp {
 public:
  RemoteRamp(std::atomic<int>& reads, Server& server) : Ramp(reads), server_(server) {}
  Image read(const io::Window& window, std::size_t rows, std::size_t cols,
             const Context& context) const override {
    if (server_.while_reading) server_.while_reading(context);
    return Ramp::read(window, rows, cols, context);
  }

 private:
  Server& server_;
};

class RemoteOpener : public io::RasterOpener {
 public:
  RemoteOpener(std::atomic<int>& reads, Server& server)
      : reads_(reads), server_(server) {}
  std::shared_ptr<const io::Raster> open(const std::string&, int,
                                         const Context&) const override {
    return std::make_shared<RemoteRamp>(reads_, server_);
  }
  io::Generation generation(const std::string&, const Context&) const override {
    const std::lock_guard lock{server_.mutex};
    return server_.generation;
  }

 private:
  std::atomic<int>& reads_;
  Server& server_;
};

// s/a is behind a URL.
struct RemoteWorld : World {
  Server server{};

  RemoteWorld() {
    catalog::open_catalog(database)->insert({{"s", "a"}, "s3://b/a.tif", 1, metadata()});
  }
  Maps remote_maps() {
    std::vector<std::unique_ptr<io::RasterOpener>> openers;
    openers.push_back(std::make_unique<RemoteOpener>(reads, server));
    return Maps{{}, catalog::open_catalog(database), std::move(openers)};
  }
  ErrorKind kind_of_drawing(std::function<void(const Context&)> while_reading,
                            const Context& context = {}) {
    server.while_reading = std::move(while_reading);
    const auto maps = remote_maps();
    return kind_of([&] { maps.singleband(band("a")).bytes(context); });
  }
};

void fail(ErrorKind kind) { throw failure(kind, "it is as it is"); }

}  // namespace

TEST_CASE("an object that is what it was keeps its ETag and its picture") {
  RemoteWorld world;
  world.server.tells({"v1", long_ago});
  const auto maps = world.remote_maps();
  const Picture first = maps.singleband(band("a"));
  const auto bytes = first.bytes();
  CHECK(!first.still_holds());  // it has to be looked at again
  const Picture second = maps.singleband(band("a"));
  CHECK(second.etag() == first.etag());
  CHECK(second.bytes() == bytes);
  CHECK(world.reads == 1);
}

TEST_CASE("two servers give pictures of an object the same ETag") {
  RemoteWorld world;
  CHECK(world.remote_maps().singleband(band("a")).etag() ==
        world.remote_maps().singleband(band("a")).etag());
}

TEST_CASE("an object that was looked at is believed without asking") {
  RemoteWorld world;
  const auto maps = world.remote_maps();
  while (!maps.singleband(band("a")).still_holds()) {  // a slow machine
  }
}

TEST_CASE("an object that was replaced is drawn anew under another ETag") {
  RemoteWorld world;
  const auto maps = world.remote_maps();
  const Picture first = maps.singleband(band("a"));
  first.bytes();
  world.server.tells({"v2", far_ahead});
  const Picture second = maps.singleband(band("a"));
  CHECK(second.etag() != first.etag());
  second.bytes();
  CHECK(world.reads == 2);
}

TEST_CASE("a picture of an object that is replaced while it is drawn is not kept") {
  RemoteWorld world;
  const auto maps = world.remote_maps();
  world.server.while_reading = [&](const Context&) {
    world.server.tells({"v2", far_ahead});
  };
  const Picture first = maps.singleband(band("a"));
  CHECK_FALSE(first.drawn().complete);
  CHECK(first.kept() == nullptr);
  world.server.while_reading = {};
  world.server.tells({"v1", far_ahead});  // as it was before
  CHECK(maps.singleband(band("a")).drawn().complete);
  CHECK(world.reads == 2);
}

TEST_CASE("an object whose reader cannot tell its content is another one each minute") {
  RemoteWorld world;
  world.server.tells({"", far_ahead});
  const auto maps = world.remote_maps();
  const auto etag = maps.singleband(band("a")).etag();
  world.server.tells({"v1", far_ahead});
  CHECK(maps.singleband(band("a")).etag() != etag);
}

TEST_CASE("what a server of files does wrong is unavailable to who asks for pictures") {
  RemoteWorld world;
  for (const auto kind : {ErrorKind::conflict, ErrorKind::timeout, ErrorKind::not_found,
                          ErrorKind::unavailable}) {
    CAPTURE(error_facts(kind).name);
    const auto failing = [kind](const Context&) { fail(kind); };
    CHECK(world.kind_of_drawing(failing) == ErrorKind::unavailable);
    const auto maps = world.remote_maps();
    CHECK(kind_of([&] { maps.histogram({"s", "a"}, 4); }) == ErrorKind::unavailable);
    CHECK(kind_of([&] { maps.point({"s", "a"}, {5, 5}); }) == ErrorKind::unavailable);
  }
  CHECK(world.kind_of_drawing([](const Context&) { fail(ErrorKind::corrupt_data); }) ==
        ErrorKind::corrupt_data);
}

TEST_CASE("a request whose own time is over is told so") {
  RemoteWorld world;
  const Context brief{.deadline = Clock::now() + std::chrono::milliseconds{300}};
  const auto slow = [](const Context& context) {
    while (!context.has_ended()) std::this_thread::yield();
    context.check();
  };
  CHECK(world.kind_of_drawing(slow, brief) == ErrorKind::timeout);
}

TEST_CASE("a file by its URL is known by its own times, as by its path") {
  World world;
  catalog::open_catalog(world.database)
      ->insert({{"s", "b"}, "file://" + world.path("file"), 1, World::metadata()});
  const auto maps = world.maps();
  while (!maps.singleband(band("b")).still_holds()) {  // a slow machine
  }
  const auto etag = maps.singleband(band("b")).etag();
  world.touch("file", "longer than before");
  CHECK(maps.singleband(band("b")).etag() != etag);
}

TEST_CASE("headers of files that are kept leave warm pictures hits") {
  World world;
  const auto maps = world.maps();
  const auto headers = catalog::open_headers(world.database);
  const Picture picture = maps.singleband(band("a"));
  headers->keep("s3://b/other.tif", std::vector<std::byte>(100));
  const auto start = Clock::now();
  bool held = false;  // well after the time for which the catalogue is believed unasked
  while (!held && Clock::now() < start + std::chrono::seconds{9})
    held = picture.still_holds() && Clock::now() > start + std::chrono::milliseconds{500};
  CHECK(held);
}
