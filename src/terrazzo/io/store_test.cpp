#include "terrazzo/io/store.hpp"

#include <stdlib.h>
#include <unistd.h>

#include "conformance/store.hpp"
#include "support/s3_server.hpp"
#include "terrazzo/io/file_store.hpp"
#include "terrazzo/io/memory_store.hpp"
#include "terrazzo/io/s3_store.hpp"

using namespace terrazzo;
using namespace terrazzo::io;
using terrazzo::testing::check_store;
using terrazzo::testing::kind_of;

TEST_CASE("a store of files") {
  const testing::ScratchFolder folder;
  const auto store = file_store();
  SUBCASE("by path") {
    check_store({.store = *store, .root = folder / "new/", .has_folders = true});
  }
  SUBCASE("by URL") {
    check_store({.store = *store,
                 .root = "file://" + folder.path() + "/new/",
                 .has_folders = true});
  }
}

TEST_CASE("a store in memory") {
  const auto store = memory_store();
  check_store({.store = *store, .root = "memory://here/"});
}

TEST_CASE("a store on S3") {
  testing::S3Server server;
  HttpClient client{{.first_pause = std::chrono::milliseconds{1}}};
  const auto account =
      std::make_shared<S3Account>(testing::environment_of(server.variables()), client);
  const auto store = s3_store(account, {.whole_put = 4U << 20U,
                                        .put_part = 1U << 20U,
                                        .whole_copy = 3U << 20U,
                                        .copy_part = 2U << 20U,
                                        .page = 10});
  check_store({.store = *store, .root = "s3://data/"});
  CHECK(server.uploads_under_way() == 0);
}

// See tests/s3/run.
TEST_CASE("a store on a real S3 server") {
  const char* const bucket = ::getenv("TERRAZZO_TEST_BUCKET");
  if (bucket == nullptr) {
    MESSAGE("not present: a bucket in TERRAZZO_TEST_BUCKET");
    return;
  }
  const auto does = [](const char* what) {
    const char* const lacks = ::getenv("TERRAZZO_TEST_S3_LACKS");
    return lacks == nullptr ||
           std::string_view{lacks}.find(what) == std::string_view::npos;
  };
  const auto store = s3_store(shared_s3_account(), {.whole_put = 10U << 20U,
                                                    .whole_copy = 10U << 20U,
                                                    .copy_part = 8U << 20U,
                                                    .page = 10});
  check_store({.store = *store,
               .root = fmt::format("s3://{}/conformance-{}/", bucket, ::getpid()),
               .has_folders = !does("slashes"),
               .knows_acls = does("acls"),
               .knows_conditions = does("conditions"),
               .copies_by_parts = does("part-copies"),
               .copies_odd_names = does("odd-copies"),
               .sorts = does("order")});
}

TEST_CASE("a URI finds its store") {
  CHECK(&store_of("/a/b") == &store_of("file:///c"));
  CHECK(&store_of("a") == &store_of("/a/b"));
  CHECK(&store_of("memory://a") == &shared_memory_store());
  CHECK(&store_of("HTTPS://host/a") == &store_of("http://host"));
  CHECK(kind_of([] { store_of("gopher://host/a"); }) == ErrorKind::unsupported);
  CHECK(kind_of([] { store_of(""); }) == ErrorKind::invalid_input);
  CHECK(kind_of([] { store_of(std::string("a\0b", 3)); }) == ErrorKind::invalid_input);
}

TEST_CASE("what is put into the memory of the process is read as any file") {
  const std::string uri = "memory://store_test/a";
  store_of(uri).put_bytes(uri, testing::bytes_of("content"));
  CHECK(testing::text_of(*open_bytes(uri)) == "content");
  store_of(uri).remove(uri);
  CHECK(kind_of([&] { open_bytes(uri); }) == ErrorKind::not_found);
}

TEST_CASE("an ACL has a name") {
  for (const Acl acl : {Acl::owner, Acl::authenticated_read, Acl::public_read})
    CHECK(acl_named(name_of(acl)) == acl);
  CHECK(name_of(Acl::unchanged).empty());
  CHECK_THROWS_WITH_AS(acl_named("public"), doctest::Contains("'public' is no ACL"),
                       Error);
  CHECK(kind_of([] { acl_named(""); }) == ErrorKind::invalid_input);
}

TEST_CASE("a content type is text") {
  const auto store = memory_store();
  CHECK(kind_of([&] {
          store->put_bytes("memory://a", {}, {.content_type = "a/b\r\nX-Evil: 1"});
        }) == ErrorKind::invalid_input);
}

TEST_CASE("files of web servers are told of and read, and nothing else") {
  const std::string modified = "Sun, 06 Nov 1994 08:49:37 GMT";
  const testing::LoopbackServer server{[&](const testing::SeenRequest& request) {
    if (request.target != "/a.tif") return testing::ScriptedAnswer{.status = 404};
    testing::ScriptedAnswer answer = testing::file_answer(request, "content");
    answer.headers.emplace_back("Last-Modified", modified);
    return answer;
  }};
  const std::string uri = server.url("/a.tif");
  Store& store = store_of(uri);
  const auto found = store.stat(uri);
  REQUIRE(found);
  CHECK(found->uri == uri);
  CHECK(found->size == 7);
  CHECK(found->generation == store.open(uri)->generation());
  CHECK(found->modified == time_from_http(modified));
  CHECK(testing::text_of(*store.open(uri)) == "content");
  CHECK(!store.stat(server.url("/b.tif")));

  const auto visit = [](const StoredObject&) { return true; };
  for (const Error& error : {testing::error_of([&] { store.put_bytes(uri, {}); }),
                             testing::error_of([&] { store.copy(uri, uri + "2"); }),
                             testing::error_of([&] { store.list(uri, visit); }),
                             testing::error_of([&] { store.set_acl(uri, Acl::owner); }),
                             testing::error_of([&] { store.remove(uri); })}) {
    CHECK(error.kind() == ErrorKind::unsupported);
    CHECK(error.message().find("files of web servers can only be read") !=
          std::string::npos);
  }
}
