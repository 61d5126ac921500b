#pragma once
// What every kind of store that can be written to promises. Call check_store() from a
// TEST_CASE with a store and a prefix of it under which nothing is.

#include <algorithm>
#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "support/loopback_server.hpp"
#include "support/scratch_folder.hpp"
#include "support/thrown.hpp"
#include "terrazzo/base/aside.hpp"
#include "terrazzo/io/store.hpp"

namespace terrazzo::testing {

struct StoreUnderTest {
  io::Store& store;
  std::string root;          // ends with a slash
  bool has_folders = false;  // "a//b" is "a/b", and "a/" is no object
  bool knows_acls = true;
  bool knows_conditions = true;  // those of others at the same time too
  bool copies_by_parts = true;
  bool copies_odd_names = true;
  bool sorts = true;  // its listings
};

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span{text});
}

inline std::string text_of(const io::ByteSource& source) {
  std::string text(static_cast<std::size_t>(source.size()), '.');
  const io::Piece all{0, std::as_writable_bytes(std::span{text})};
  source.read({&all, 1});
  return text;
}

inline std::string text_at(io::Store& store, const std::string& uri) {
  return text_of(*store.open(uri));
}

inline std::vector<io::StoredObject> listed(io::Store& store, const std::string& prefix) {
  std::vector<io::StoredObject> out;
  store.list(prefix, [&](const io::StoredObject& object) {
    out.push_back(object);
    return true;
  });
  return out;
}

inline std::vector<std::string> listed_names(const StoreUnderTest& test,
                                             const std::string& prefix) {
  std::vector<std::string> out;
  for (const io::StoredObject& object : listed(test.store, test.root + prefix))
    out.push_back(object.uri.substr(test.root.size()));
  if (!test.sorts) std::ranges::sort(out);
  return out;
}

// Gives the first half, then fails.
class BreakingSource final : public io::ByteSource {
 public:
  explicit BreakingSource(std::uint64_t size) : size_(size) {}
  std::uint64_t size() const override { return size_; }
  const std::string& generation() const override { return generation_; }
  std::span<const std::byte> head() const override { return {}; }
  void read(std::span<const io::Piece> pieces, const Context&) const override {
    for (const io::Piece& piece : pieces) {
      if (piece.offset + piece.to.size() > size_ / 2)
        throw failure(ErrorKind::conflict, "the source was changed");
      std::ranges::fill(piece.to, std::byte{'x'});
    }
  }

 private:
  const std::uint64_t size_;
  const std::string generation_;
};

// How many of the threads got through; the others must have met a conflict.
inline int winners(std::size_t threads, const std::function<void(std::size_t)>& work) {
  std::atomic<int> won{0};
  std::atomic<int> lost{0};
  std::atomic<bool> go{false};
  std::vector<std::thread> all;
  for (std::size_t t = 0; t < threads; ++t)
    all.emplace_back([&, t] {
      while (!go) std::this_thread::yield();
      try {
        work(t);
        ++won;
      } catch (const Error& e) {
        if (e.kind() == ErrorKind::conflict) ++lost;
      }
    });
  go = true;
  for (std::thread& thread : all) thread.join();
  CHECK(won + lost == static_cast<int>(threads));
  return won;
}

inline void check_objects(const StoreUnderTest& test) {
  io::Store& store = test.store;
  const std::string uri = test.root + "dir/object.tif";

  SUBCASE("what is put is read back, and everybody tells the same of it") {
    const Time before = now();
    const io::StoredObject put = store.put_bytes(uri, bytes_of("content"));
    CHECK(text_at(store, uri) == "content");
    const auto found = store.stat(uri);
    REQUIRE(found);
    const auto all = listed(store, test.root);
    REQUIRE(all.size() == 1);
    for (const io::StoredObject& object : {put, *found, all.front()}) {
      CHECK(object.uri == uri);
      CHECK(object.size == 7);
      CHECK(object.generation == store.open(uri)->generation());
      CHECK(object.modified > before - std::chrono::seconds{5});
      CHECK(object.modified < now() + std::chrono::seconds{5});
    }
  }

  SUBCASE("an object may be empty") {
    const io::StoredObject put = store.put_bytes(uri, {});
    CHECK(text_at(store, uri).empty());
    CHECK(store.stat(uri).value().size == 0);
    CHECK(store.stat(uri)->generation == put.generation);
    CHECK(store.open(uri)->generation() == put.generation);
    CHECK(listed(store, test.root).at(0).generation == put.generation);
  }

  SUBCASE("another content is another generation") {
    const std::string first = store.put_bytes(uri, bytes_of("one")).generation;
    const std::string second = store.put_bytes(uri, bytes_of("two")).generation;
    CHECK(first != second);
    CHECK(text_at(store, uri) == "two");
    CHECK(store.stat(uri).value().generation == second);
  }
}

inline void check_absent(const StoreUnderTest& test) {
  io::Store& store = test.store;
  const std::string uri = test.root + "dir/object.tif";

  SUBCASE("what is not there") {
    CHECK(!store.stat(uri));
    CHECK(kind_of([&] { store.open(uri); }) == ErrorKind::not_found);
    CHECK(kind_of([&] { store.copy(uri, uri + "2"); }) == ErrorKind::not_found);
    if (test.knows_acls)
      CHECK(kind_of([&] { store.set_acl(uri, io::Acl::owner); }) == ErrorKind::not_found);
    CHECK(listed(store, uri).empty());
    store.remove(uri);
  }

  SUBCASE("what is removed is gone, and may be removed again") {
    store.put_bytes(uri, bytes_of("x"));
    store.put_bytes(uri + "2", bytes_of("y"));
    store.remove(uri);
    store.remove(uri);
    CHECK(!store.stat(uri));
    CHECK(listed_names(test, "") == std::vector<std::string>{"dir/object.tif2"});
  }

  SUBCASE("a file of this machine is put") {
    const ScratchFolder folder;
    write_file(folder / "a.tif", "of a file");
    store.put_file(uri, folder / "a.tif");
    CHECK(text_at(store, uri) == "of a file");
    CHECK(kind_of([&] { store.put_file(uri, folder / "b.tif"); }) ==
          ErrorKind::not_found);
  }
}

inline void check_names(const StoreUnderTest& test) {
  io::Store& store = test.store;

  SUBCASE("odd names stay what they are") {
    std::vector<std::string> names{"a b",        "a+b",       "a%20b",
                                   "a%b",        "a&b=c?d#e", "q'\"<>\\",
                                   "~!*()@,;:$", "ü/é☂.tif",  ".hidden",
                                   "in/./dot",   "in/../up",  std::string(200, 'n'),
                                   "two\nlines"};
    if (test.has_folders) {
      std::erase_if(names,
                    [](const std::string& name) { return name.starts_with("in/."); });
    } else {
      names.insert(names.end(), {"/leading", "x//y", "folder/", "//"});
    }
    std::ranges::sort(names);
    for (const std::string& name : names) {
      CAPTURE(name);
      const std::string generation =
          store.put_bytes(test.root + name, bytes_of("of " + name)).generation;
      CHECK(text_at(store, test.root + name) == "of " + name);
      CHECK(store.stat(test.root + name).value().generation == generation);
    }
    CHECK(listed_names(test, "") == names);
    if (test.copies_odd_names)
      for (const std::string& name : names) {
        CAPTURE(name);
        store.copy(test.root + name, test.root + "the copy");
        CHECK(text_at(store, test.root + "the copy") == "of " + name);
      }
    for (const std::string& name : names) store.remove(test.root + name);
    store.remove(test.root + "the copy");
    CHECK(listed_names(test, "").empty());
  }
}

inline void check_listings(const StoreUnderTest& test) {
  io::Store& store = test.store;

  SUBCASE("a listing is by the bytes of the names and of those that begin alike") {
    for (const char* name : {"b", "a0", "a/d/e", "a-b", "a/c", "a/d-", "Z", "ä"})
      store.put_bytes(test.root + name, bytes_of("x"));
    using Names = std::vector<std::string>;
    CHECK(listed_names(test, "") ==
          Names{"Z", "a-b", "a/c", "a/d-", "a/d/e", "a0", "b", "ä"});
    CHECK(listed_names(test, "a") == Names{"a-b", "a/c", "a/d-", "a/d/e", "a0"});
    CHECK(listed_names(test, "a/") == Names{"a/c", "a/d-", "a/d/e"});
    CHECK(listed_names(test, "a/d") == Names{"a/d-", "a/d/e"});
    CHECK(listed_names(test, "a/c") == Names{"a/c"});
    CHECK(listed_names(test, "a/c/").empty());
    CHECK(listed_names(test, "c/").empty());
  }

  SUBCASE("a listing of many goes on, while the store is used, until it is enough") {
    constexpr std::size_t count = 25;
    for (std::size_t i = 0; i < count; ++i)
      store.put_bytes(test.root + fmt::format("many/{:03}", i), bytes_of("x"));
    CHECK(listed_names(test, "many/").size() == count);
    std::vector<std::string> seen;
    store.list(test.root + "many/", [&](const io::StoredObject& object) {
      CHECK(store.stat(object.uri).value().generation == object.generation);
      store.remove(object.uri);
      seen.push_back(object.uri);
      return seen.size() < 17;
    });
    CHECK(seen.size() == 17);
    if (test.sorts) CHECK(std::ranges::is_sorted(seen));
    CHECK(listed_names(test, "many/").size() == count - 17);
  }
}

inline void check_conditions_of(const StoreUnderTest& test) {
  io::Store& store = test.store;
  const std::string uri = test.root + "object";
  const io::PutOptions if_absent{.if_absent = true};

  SUBCASE("only if it is absent") {
    store.put_bytes(uri, bytes_of("first"), if_absent);
    CHECK(kind_of([&] { store.put_bytes(uri, bytes_of("second"), if_absent); }) ==
          ErrorKind::conflict);
    CHECK(text_at(store, uri) == "first");
    store.remove(uri);
    store.put_bytes(uri, bytes_of("third"), if_absent);
    CHECK(text_at(store, uri) == "third");
  }

  SUBCASE("only if it is of a generation") {
    const std::string old = store.put_bytes(uri, bytes_of("first")).generation;
    store.put_bytes(uri, bytes_of("second"), {.if_match = old});
    CHECK(text_at(store, uri) == "second");
    for (const std::string& wrong : {old, std::string{"\"other\""}, std::string{"other"}})
      CHECK(kind_of([&] { store.put_bytes(uri, bytes_of("x"), {.if_match = wrong}); }) ==
            ErrorKind::conflict);
    CHECK(kind_of([&] { store.put_bytes(uri + "2", {}, {.if_match = old}); }) ==
          ErrorKind::conflict);
    CHECK(text_at(store, uri) == "second");
    CHECK(!store.stat(uri + "2"));
  }

  SUBCASE("absent and of a generation cannot be") {
    CHECK(kind_of([&] {
            store.put_bytes(uri, {}, {.if_absent = true, .if_match = "\"x\""});
          }) == ErrorKind::invalid_input);
  }

  SUBCASE("of many who put what is absent at the same time one does") {
    if (!test.knows_conditions) return;
    const auto text = [](std::size_t t) { return fmt::format("by {}", t); };
    std::atomic<std::size_t> winner{99};
    CHECK(winners(8, [&](std::size_t t) {
            store.put_bytes(uri, bytes_of(text(t)), if_absent);
            winner = t;
          }) == 1);
    CHECK(text_at(store, uri) == text(winner));
  }

  SUBCASE("of many who replace the same generation one does") {
    if (!test.knows_conditions) return;
    const std::string old = store.put_bytes(uri, bytes_of("old")).generation;
    const auto text = [](std::size_t t) { return fmt::format("by {}", t); };
    std::atomic<std::size_t> winner{99};
    CHECK(winners(8, [&](std::size_t t) {
            store.put_bytes(uri, bytes_of(text(t)), {.if_match = old});
            winner = t;
          }) == 1);
    CHECK(text_at(store, uri) == text(winner));
  }
}

inline void check_copies(const StoreUnderTest& test) {
  io::Store& store = test.store;
  const std::string from = test.root + "a/from";
  const std::string to = test.root + "b/to";

  SUBCASE("a copy has the content and stays when the original goes") {
    store.put_bytes(from, bytes_of("content"));
    const io::StoredObject copy = store.copy(from, to);
    CHECK(copy.uri == to);
    CHECK(copy.size == 7);
    CHECK(copy.generation == store.open(to)->generation());
    store.remove(from);
    CHECK(text_at(store, to) == "content");
  }

  SUBCASE("a copy keeps to conditions") {
    store.put_bytes(from, bytes_of("content"));
    const std::string old = store.put_bytes(to, bytes_of("old")).generation;
    CHECK(kind_of([&] { store.copy(from, to, {.if_absent = true}); }) ==
          ErrorKind::conflict);
    CHECK(kind_of([&] { store.copy(from, to, {.if_match = "\"other\""}); }) ==
          ErrorKind::conflict);
    CHECK(text_at(store, to) == "old");
    store.copy(from, to, {.if_match = old});
    CHECK(text_at(store, to) == "content");
  }

  SUBCASE("nothing is copied onto itself") {
    store.put_bytes(from, bytes_of("content"));
    CHECK(kind_of([&] { store.copy(from, from); }) == ErrorKind::invalid_input);
  }

  SUBCASE("large objects") {
    const std::string content = numbered_bytes(12'500'000);
    const io::StoredObject put = store.put_bytes(from, bytes_of(content));
    CHECK(put.size == content.size());
    CHECK(store.stat(from).value().generation == put.generation);
    CHECK((text_at(store, from) == content));
    std::string middle(5000, '.');
    const io::Piece piece{9'000'000, std::as_writable_bytes(std::span{middle})};
    store.open(from)->read({&piece, 1});
    CHECK(middle == content.substr(9'000'000, 5000));
    if (!test.copies_by_parts) return;
    store.copy(from, to);
    CHECK((text_at(store, to) == content));
    CHECK(kind_of([&] {
            store.put_bytes(from, bytes_of(content), {.if_absent = true});
          }) == ErrorKind::conflict);
  }

  SUBCASE("who may read") {
    if (!test.knows_acls) return;
    store.put_bytes(from, bytes_of("x"), {.acl = io::Acl::public_read});
    store.copy(from, to, {.acl = io::Acl::owner});
    for (const io::Acl acl : {io::Acl::public_read, io::Acl::authenticated_read,
                              io::Acl::owner, io::Acl::unchanged})
      store.set_acl(to, acl);
    CHECK(text_at(store, to) == "x");
  }
}

inline void check_trouble(const StoreUnderTest& test) {
  io::Store& store = test.store;
  const std::string uri = test.root + "object";

  SUBCASE("a content that breaks off leaves what was there") {
    for (const std::uint64_t size : {std::uint64_t{100'000}, std::uint64_t{12'000'000}}) {
      CAPTURE(size);
      CHECK(kind_of([&] { store.put(uri, BreakingSource{size}); }) ==
            ErrorKind::conflict);
      CHECK(!store.stat(uri));
    }
    store.put_bytes(uri, bytes_of("before"));
    CHECK(kind_of([&] { store.put(uri, BreakingSource{100'000}); }) ==
          ErrorKind::conflict);
    CHECK(text_at(store, uri) == "before");
    CHECK(listed_names(test, "") == std::vector<std::string>{"object"});
  }

  SUBCASE("who has gone or has no time left gets nothing done") {
    store.put_bytes(uri, bytes_of("before"));
    std::stop_source stopped;
    stopped.request_stop();
    const Context gone{.stop = stopped.get_token()};
    const Context late{.deadline = Context::Clock::now() - std::chrono::seconds{1}};
    const auto visit = [](const io::StoredObject&) { return true; };
    for (const auto& [context, kind] :
         {std::pair{gone, ErrorKind::cancelled}, std::pair{late, ErrorKind::timeout}}) {
      CHECK(kind_of([&] { store.stat(uri, context); }) == kind);
      CHECK(kind_of([&] { store.list(test.root, visit, context); }) == kind);
      CHECK(kind_of([&] { store.open(uri, context); }) == kind);
      CHECK(kind_of([&] { store.put_bytes(uri, bytes_of("x"), {}, context); }) == kind);
      CHECK(kind_of([&] { store.copy(uri, uri + "2", {}, context); }) == kind);
      CHECK(kind_of([&] { store.set_acl(uri, io::Acl::owner, context); }) == kind);
      CHECK(kind_of([&] { store.remove(uri, context); }) == kind);
    }
    CHECK(text_at(store, uri) == "before");
    CHECK(!store.stat(uri + "2"));
  }

  SUBCASE("names that are none") {
    const auto visit = [](const io::StoredObject&) { return true; };
    const std::string other = "gopher://host/a";
    CHECK(kind_of([&] { store.put_bytes(other, {}); }) == ErrorKind::invalid_input);
    CHECK(kind_of([&] { store.stat(other); }) == ErrorKind::invalid_input);
    CHECK(kind_of([&] { store.list(other, visit); }) == ErrorKind::invalid_input);
    CHECK(kind_of([&] { store.remove(other); }) == ErrorKind::invalid_input);
  }
}

inline void check_readers(const StoreUnderTest& test) {
  io::Store& store = test.store;
  const std::string uri = test.root + "object";

  SUBCASE("what is replaced while it is read is read whole or is a conflict") {
    const std::string one(60'000, '1');
    const std::string two(80'000, '2');
    store.put_bytes(uri, bytes_of(one));
    const auto opened = store.open(uri);
    std::jthread writer{[&](const std::stop_token& stop) {
      for (int i = 0; !stop.stop_requested(); ++i)
        store.put_bytes(uri, bytes_of(i % 2 == 0 ? two : one));
    }};
    for (int i = 0; i < 30; ++i) {
      try {
        const std::string text = text_at(store, uri);
        CHECK((text == one || text == two));
      } catch (const Error& e) {
        CHECK(e.kind() == ErrorKind::conflict);
      }
    }
    writer.request_stop();
    writer.join();
    store.put_bytes(uri, bytes_of(two));
    try {
      CHECK((text_of(*opened) == one));
    } catch (const Error& e) {
      CHECK(e.kind() == ErrorKind::conflict);
    }
  }
}

inline void check_store(const StoreUnderTest& test) {
  check_objects(test);
  check_absent(test);
  check_names(test);
  check_listings(test);
  check_conditions_of(test);
  check_copies(test);
  check_trouble(test);
  check_readers(test);
  for (const io::StoredObject& object : listed(test.store, test.root))
    test.store.remove(object.uri);
}

}  // namespace terrazzo::testing
