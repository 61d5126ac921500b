#include <mutex>

#include "conformance/catalog.hpp"
#include "support/loopback_server.hpp"
#include "support/scratch_folder.hpp"
#include "support/terracotta_database.hpp"

namespace terrazzo::catalog {
namespace {

using testing::file_answer;
using testing::kind_of;
using testing::ScratchFolder;

std::string catalog_of(const std::vector<KeyName>& keys, const Record& record) {
  const ScratchFolder folder;
  create_catalog(folder / "a.sqlite", keys);
  open_catalog(folder / "a.sqlite")->insert(record);
  testing::run_sql(folder / "a.sqlite", {"PRAGMA journal_mode = DELETE"});
  return testing::bytes_of(folder / "a.sqlite");
}

// A file on a web server, which may be replaced or be away.
class WebCatalog {
 public:
  explicit WebCatalog(std::string bytes) { put(std::move(bytes)); }

  void put(std::string bytes) {
    const std::lock_guard lock{mutex_};
    bytes_ = std::move(bytes);
    ++version_;
  }
  void take_away(bool away) {
    const std::lock_guard lock{mutex_};
    away_ = away;
  }
  std::string url() const { return server_.url("/tc.sqlite"); }

 private:
  testing::ScriptedAnswer answer(const testing::SeenRequest& request) {
    const std::lock_guard lock{mutex_};
    if (away_) return {.status = 404};
    return file_answer(request, bytes_, fmt::format("\"v{}\"", version_));
  }

  std::mutex mutex_;
  std::string bytes_;
  int version_ = 0;
  bool away_ = false;
  testing::LoopbackServer server_{
      [this](const testing::SeenRequest& request) { return answer(request); }};
};

const std::vector<KeyName> one_key{{"name", ""}};
constexpr OpenOptions always_asking{.refresh_seconds = 0};

}  // namespace

TEST_CASE("a catalogue on a web server is read, and never written") {
  WebCatalog remote{catalog_of(one_key, {{"a"}, "p", 3, testing::some_metadata()})};
  const auto catalog = open_catalog(remote.url());
  CHECK(catalog->get({"a"})->band == 3);
  CHECK(catalog->count({.bounds = testing::some_metadata().bounds}) == 1);
  CHECK_FALSE(catalog->writable());
  CHECK(kind_of([&] { catalog->insert({{"b"}, "p"}); }) == ErrorKind::denied);
  CHECK(kind_of([&] { create_catalog(remote.url(), one_key); }) == ErrorKind::denied);
}

TEST_CASE("a catalogue that was put anew on its web server is followed") {
  WebCatalog remote{catalog_of(one_key, {{"a"}, "p"})};
  const auto catalog = open_catalog(remote.url(), always_asking);
  const auto before = catalog->change_counter();
  CHECK(catalog->change_counter() == before);
  remote.put(catalog_of(one_key, {{"b"}, "p"}));
  CHECK(catalog->change_counter() != before);
  CHECK(catalog->get({"b"}));
  CHECK_FALSE(catalog->get({"a"}));
}

TEST_CASE("for as long as it is believed nobody asks whether it has changed") {
  WebCatalog remote{catalog_of(one_key, {{"a"}, "p"})};
  const auto catalog = open_catalog(remote.url(), {.refresh_seconds = 3600});
  remote.put(catalog_of(one_key, {{"b"}, "p"}));
  CHECK(catalog->get({"a"}));
}

TEST_CASE(
    "a catalogue is served as it was while its place is away or holds another thing") {
  WebCatalog remote{catalog_of(one_key, {{"a"}, "p"})};
  const auto catalog = open_catalog(remote.url(), always_asking);
  remote.take_away(true);
  CHECK(catalog->get({"a"}));
  remote.take_away(false);
  remote.put("no catalogue");
  CHECK(catalog->get({"a"}));
  remote.put(catalog_of({{"colour", ""}}, {{"red"}, "p"}));
  CHECK(catalog->get({"a"}));
  remote.put(catalog_of(one_key, {{"c"}, "p"}));
  CHECK(catalog->get({"c"}));
}

TEST_CASE("what is no catalogue on a web server is told by its kind") {
  WebCatalog remote{"no catalogue"};
  CHECK(kind_of([&] { open_catalog(remote.url()); }) == ErrorKind::corrupt_data);
  remote.take_away(true);
  CHECK(kind_of([&] { open_catalog(remote.url()); }) == ErrorKind::not_found);
}

}  // namespace terrazzo::catalog
