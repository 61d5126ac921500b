// Catalogues beside other processes, and after their death.

#include <fstream>
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

}  // namespace terrazzo::catalog
