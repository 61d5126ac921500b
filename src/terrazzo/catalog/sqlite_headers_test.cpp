#include <doctest/doctest.h>

#include <filesystem>
#include <thread>
#include <vector>

#include "support/scratch_folder.hpp"
#include "terrazzo/catalog/catalog.hpp"
#include "terrazzo/catalog/headers.hpp"
#include "terrazzo/catalog/sqlite_connection.hpp"

using namespace terrazzo;
using namespace terrazzo::catalog;
using terrazzo::testing::ScratchFolder;

namespace {

using Header = std::vector<std::byte>;

struct World {
  ScratchFolder folder{};
  std::string path = folder / "catalog.sqlite";

  World() { create_catalog(path, {{"name", ""}}); }
};

}  // namespace

TEST_CASE("headers are kept beside the catalogue's tables and found by URI") {
  const World world;
  const Header header{std::byte{0}, std::byte{255}, std::byte{0}};
  CHECK_FALSE(open_headers(world.path)->find("s3://b/a.tif"));
  open_headers(world.path)->keep("s3://b/a.tif", header);
  const auto later = open_headers(world.path);
  CHECK(later->find("s3://b/a.tif") == header);
  CHECK_FALSE(later->find("s3://b/b.tif"));
  const Header other{std::byte{7}};
  later->keep("s3://b/a.tif", other);
  CHECK(later->find("s3://b/a.tif") == other);

  const auto catalog = open_catalog(world.path);
  catalog->insert({{"a"}, "s3://b/a.tif"});
  CHECK(catalog->count({}) == 1);
}

TEST_CASE("a header that cannot be kept is no trouble to anybody") {
  const World world;
  const auto reading = open_headers(world.path, {.read_only = true});
  reading->keep("a", Header(10));
  CHECK_FALSE(reading->find("a"));
  auto headers = open_headers(world.path);
  headers->keep("a", Header(std::size_t{5} << 20U));
  CHECK_FALSE(headers->find("a"));
  headers.reset();

  SqliteConnection other{world.path, false, 0};
  const SqliteTransaction lock{other};
  open_headers(world.path, {.timeout_seconds = 0})->keep("a", Header(10));
  CHECK_FALSE(open_headers(world.path)->find("a"));
}

TEST_CASE("threads keep headers at once") {
  const World world;
  const auto headers = open_headers(world.path);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i)
        headers->keep(std::to_string(t * 20 + i),
                      Header(static_cast<std::size_t>(i + 1)));
    });
  for (std::thread& thread : threads) thread.join();
  for (int i = 0; i < 80; ++i) CHECK(headers->find(std::to_string(i)));
}

TEST_CASE("headers that wait to be written do not move the catalogue's counter") {
  const World world;
  const auto catalog = open_catalog(world.path);
  const std::uint64_t before = catalog->change_counter();
  auto headers = open_headers(world.path);
  for (const char* uri : {"a", "b", "c"}) headers->keep(uri, Header(10));
  CHECK(headers->find("b") == Header(10));
  CHECK(catalog->change_counter() == before);
  headers.reset();
  for (const char* uri : {"a", "b", "c"})
    CHECK(open_headers(world.path)->find(uri) == Header(10));
}

TEST_CASE("headers are written in time, not only at the end") {
  const World world;
  const auto headers = open_headers(world.path, {}, std::chrono::milliseconds{1});
  const auto other = open_headers(world.path);
  for (const char* uri : {"a", "b"}) {
    headers->keep(uri, Header(10));
    while (!other->find(uri)) std::this_thread::yield();
  }
}
