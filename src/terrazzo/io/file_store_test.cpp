#include "terrazzo/io/file_store.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "conformance/store.hpp"

using namespace terrazzo;
using namespace terrazzo::io;
using terrazzo::testing::bytes_of;
using terrazzo::testing::kind_of;
using terrazzo::testing::listed;
using terrazzo::testing::ScratchFolder;
namespace fs = std::filesystem;

namespace {

mode_t mode_of(const std::string& path) {
  struct stat facts{};
  REQUIRE(::stat(path.c_str(), &facts) == 0);
  return facts.st_mode & 0777U;
}

std::size_t entries_in(const std::string& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator{folder}, fs::directory_iterator{}));
}

}  // namespace

TEST_CASE("who may read a file is its mode") {
  const ScratchFolder folder;
  const auto store = file_store();
  const std::string path = folder / "a";
  store->put_bytes(path, {}, {.acl = Acl::public_read});
  CHECK(mode_of(path) == 0644);
  store->set_acl(path, Acl::authenticated_read);
  CHECK(mode_of(path) == 0640);
  store->set_acl(path, Acl::unchanged);
  CHECK(mode_of(path) == 0640);
  store->put_bytes(path, {}, {.acl = Acl::owner});
  CHECK(mode_of(path) == 0600);
}

TEST_CASE("an ACL that a file has already leaves its generation") {
  const ScratchFolder folder;
  const auto store = file_store();
  const std::string path = folder / "a";
  const std::string generation =
      store->put_bytes(path, {}, {.acl = Acl::public_read}).generation;
  store->set_acl(path, Acl::public_read);
  CHECK(store->stat(path).value().generation == generation);
}

TEST_CASE("nothing but the file is left in its folder, whatever happens") {
  const ScratchFolder folder;
  const auto store = file_store();
  const std::string path = folder / "new/deeper/a";
  CHECK(kind_of([&] { store->put(path, testing::BreakingSource{5'000'000}); }) ==
        ErrorKind::conflict);
  CHECK(entries_in(folder / "new/deeper") == 0);
  store->put_bytes(path, bytes_of("x"));
  CHECK(kind_of([&] { store->put_bytes(path, {}, {.if_absent = true}); }) ==
        ErrorKind::conflict);
  CHECK(entries_in(folder / "new/deeper") == 1);
}

TEST_CASE("folders stay when they become empty, and are no objects") {
  const ScratchFolder folder;
  const auto store = file_store();
  store->put_bytes(folder / "in/a", {});
  store->remove(folder / "in/a");
  CHECK(fs::is_directory(folder / "in"));
  CHECK(!store->stat(folder / "in"));
  store->remove(folder / "in");
  CHECK(fs::is_directory(folder / "in"));
  CHECK(listed(*store, folder.path()).empty());
  CHECK(kind_of([&] { store->put_bytes(folder / "in", {}); }) == ErrorKind::conflict);
}

TEST_CASE("files under way are not listed") {
  const ScratchFolder folder;
  const auto store = file_store();
  const AsideFiles aside{folder / "a.tif"};
  write_file(aside.file("part"), "half of it");
  write_file(folder / ".hidden", "");
  const auto all = listed(*store, folder.path() + "/");
  REQUIRE(all.size() == 1);
  CHECK(all.front().uri == folder / ".hidden");
}

TEST_CASE("links are followed, but not in a circle") {
  const ScratchFolder folder;
  const auto store = file_store();
  store->put_bytes(folder / "real/a", bytes_of("content"));
  fs::create_symlink("real/a", folder / "link");
  fs::create_symlink("nothing", folder / "dangling");
  fs::create_symlink("real", folder / "other");
  fs::create_symlink("..", folder / "real/up");
  std::vector<std::string> names;
  for (const StoredObject& object : listed(*store, folder.path() + "/"))
    names.push_back(object.uri.substr(folder.path().size() + 1));
  CHECK(names == std::vector<std::string>{"link", "other/a", "real/a"});
  CHECK(!store->stat(folder / "dangling"));
  CHECK(store->stat(folder / "link").value().size == 7);
}

TEST_CASE("a relative prefix lists relative paths") {
  const ScratchFolder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  const auto store = file_store();
  store->put_bytes("a/b", {});
  const auto all = listed(*store, "a");
  fs::current_path(before);
  REQUIRE(all.size() == 1);
  CHECK(all.front().uri == "a/b");
}

TEST_CASE("a path that cannot be one of a file is refused") {
  const ScratchFolder folder;
  const auto store = file_store();
  store->put_bytes(folder / "file", {});
  CHECK(kind_of([&] { store->put_bytes(folder / "a/", {}); }) ==
        ErrorKind::invalid_input);
  CHECK(kind_of([&] { store->put_bytes("file://", {}); }) == ErrorKind::invalid_input);
  CHECK(kind_of([&] { store->put_bytes(folder / "file/a", {}); }) ==
        ErrorKind::not_found);
  CHECK(kind_of([&] { store->put_bytes(folder / "file/a/b", {}); }) ==
        ErrorKind::not_found);
  CHECK(!store->stat(folder / "file/a"));
}

TEST_CASE("a folder that may not be used is denied") {
  if (::geteuid() == 0) return;  // who may do everything
  const ScratchFolder folder;
  const auto store = file_store();
  store->put_bytes(folder / "closed/a", {});
  fs::permissions(folder / "closed", fs::perms::none);
  CHECK(kind_of([&] { store->put_bytes(folder / "closed/b", {}); }) == ErrorKind::denied);
  CHECK(kind_of([&] { listed(*store, folder.path() + "/"); }) == ErrorKind::denied);
  fs::permissions(folder / "closed", fs::perms::owner_all);
}

TEST_CASE("a file that is read stays as it was when another takes its place") {
  const ScratchFolder folder;
  const auto store = file_store();
  store->put_bytes(folder / "a", bytes_of("one"));
  const auto opened = store->open(folder / "a");
  store->put_bytes(folder / "a", bytes_of("two!"));
  CHECK(testing::text_of(*opened) == "one");
}
