// Catalogues beside other processes, and after their death.

#include <functional>

#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "support/scratch_folder.hpp"
#include "terrazzo/catalog/catalog.hpp"
#include "terrazzo/catalog/sqlite_connection.hpp"

namespace terrazzo::catalog {
namespace {

using testing::ScratchFolder;

pid_t started(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  try {
    work();
  } catch (const std::exception&) {
    ::_exit(1);
  }
  ::_exit(0);
}

bool succeeded(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

TEST_CASE("100 inserts from 4 processes are 100 records") {
  const ScratchFolder folder;
  const std::string path = folder / "new.sqlite";
  create_catalog(path, {{"process", ""}, {"number", ""}});
  std::vector<pid_t> children;
  for (int process = 0; process < 4; ++process)
    children.push_back(started([&] {
      const auto catalog = open_catalog(path);
      for (int i = 0; i < 25; ++i)
        catalog->insert({{std::to_string(process), std::to_string(i)}, "p", 1 + i % 2});
    }));
  for (const pid_t child : children) CHECK(succeeded(child));
  const auto catalog = open_catalog(path);
  CHECK(catalog->count({}) == 100);
  CHECK(catalog->get({"3", "7"})->band == 2);
}

TEST_CASE("a writer killed in the middle of its transaction leaves the old state") {
  for (const bool log : {false, true}) {
    CAPTURE(log);
    const ScratchFolder folder;
    const std::string path = folder / "new.sqlite";
    create_catalog(path, {{"name", ""}});
    if (log) open_catalog(path)->insert({{"before"}, "p"});
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    const pid_t child = started([&] {
      SqliteConnection db{path, false, 1};
      db.run("PRAGMA cache_size = 1");  // so that pages reach the file before COMMIT
      db.run("BEGIN IMMEDIATE");
      for (int i = 0; i < 500; ++i)
        db.prepare("INSERT INTO datasets VALUES (?, ?)")
            .bind(std::to_string(i))
            .bind(std::string(200, 'x'))
            .step();
      [[maybe_unused]] const auto written = ::write(ready[1], "x", 1);
      ::pause();
    });
    char byte = 0;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(ready[0]), ::close(ready[1]);
    const auto catalog = open_catalog(path);
    CHECK(catalog->count({}) == (log ? 1 : 0));
    catalog->insert({{"after"}, "p"});
    CHECK(catalog->get({"after"}));
  }
}

TEST_CASE(
    "whoever is killed while it replaces a catalogue leaves the old or the new one") {
  const ScratchFolder folder;
  const std::string path = folder / "a.sqlite";
  const auto fill = [](const std::string& file, const std::string& value) {
    create_catalog(file, {{"name", ""}});
    std::vector<Record> records;
    for (int i = 0; i < 500; ++i) records.push_back({{value + std::to_string(i)}, "p"});
    open_catalog(file)->insert_all(records);
  };
  fill(path, "old");
  const std::vector<std::string> next{folder / "next-old", folder / "next-new"};
  fill(next[0], "old");
  fill(next[1], "new");
  const auto server = open_catalog(path);
  for (int delay = 0; delay < 20; ++delay) {
    const pid_t child = started([&] {
      for (std::size_t i = 1; true; ++i) replace_contents(path, next[i % 2]);
    });
    ::usleep(static_cast<useconds_t>(delay) * 1000);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    for (const auto& catalog : {open_catalog(path)->find({}), server->find({})}) {
      CHECK(catalog.size() == 500);
      CHECK(catalog.front().keys[0].substr(0, 3) == catalog.back().keys[0].substr(0, 3));
    }
    SqliteConnection db{path, true, 1};
    auto row = db.prepare("PRAGMA integrity_check");
    REQUIRE(row.step());
    CHECK(row.text(0) == "ok");
  }
}

}  // namespace terrazzo::catalog
