#include "terrazzo/base/aside.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <thread>
#include <vector>

#include "support/process.hpp"
#include "support/scratch_folder.hpp"
#include "support/thrown.hpp"
#include "terrazzo/base/files.hpp"

using namespace terrazzo;
namespace fs = std::filesystem;

namespace {

using terrazzo::testing::kind_of;
using terrazzo::testing::ScratchFolder;

std::ptrdiff_t entries(const ScratchFolder& folder) {
  return std::distance(fs::directory_iterator{folder.path()}, fs::directory_iterator{});
}

void publish(const fs::path& output, std::string_view bytes, bool replace) {
  const AsideFiles aside{output};
  write_file(aside.file("tmp"), bytes);
  aside.publish(aside.file("tmp"), replace);
}

}  // namespace

TEST_CASE("a file written aside appears when it is published, and not before") {
  const ScratchFolder folder;
  const fs::path output = folder / "scene.tif";
  std::ofstream{output} << "old";
  {
    const AsideFiles aside{output};
    const auto file = aside.file("tif");
    CHECK(file.parent_path() == output.parent_path());
    CHECK(file.extension() == ".tif");
    write_file(file, "new bytes");
    CHECK(read_file(output, 100) == "old");
    aside.publish(file, true);
    CHECK(read_file(output, 100) == "new bytes");
  }
  CHECK(read_file(output, 100) == "new bytes");
  CHECK(entries(folder) == 1);
}

TEST_CASE("what was not published leaves nothing behind") {
  const ScratchFolder folder;
  {
    const AsideFiles aside{folder / "scene.tif"};
    write_file(aside.file("tmp"), "half");
    write_file(aside.file("tmp.ovr"), "half");
  }
  CHECK(entries(folder) == 0);
}

TEST_CASE("an output that came meanwhile is refused unless it may be replaced") {
  const ScratchFolder folder;
  const fs::path output = folder / "a.tif";
  {
    const AsideFiles late{output};
    write_file(late.file("tmp"), "late");
    publish(output, "first", false);
    CHECK(kind_of([&] { late.publish(late.file("tmp"), false); }) == ErrorKind::conflict);
  }
  CHECK(read_file(output, 100) == "first");
  publish(output, "next", true);
  CHECK(read_file(output, 100) == "next");
  CHECK(entries(folder) == 1);
}

TEST_CASE("an output that cannot be is refused") {
  const ScratchFolder folder;
  fs::create_directory(folder / "sub");
  CHECK(kind_of([&] { AsideFiles{folder / "none/a"}; }) == ErrorKind::not_found);
  CHECK(kind_of([&] { publish(folder / "sub", "x", true); }) == ErrorKind::conflict);
  CHECK(kind_of([&] { publish(folder / "sub", "x", false); }) == ErrorKind::conflict);
  const fs::path long_name = folder / std::string(250, 'n');
  publish(long_name, "x", false);
  CHECK(fs::exists(long_name));
}

TEST_CASE("a folder that may not be written is denied") {
  const ScratchFolder folder;
  fs::permissions(folder.path(), fs::perms{0555});
  const int code = terrazzo::testing::exit_code_as_nobody([&] {
    return kind_of([&] { publish(folder / "a", "x", true); }) == ErrorKind::denied ? 0
                                                                                   : 1;
  });
  fs::permissions(folder.path(), fs::perms{0755});
  CHECK(code == 0);
}

TEST_CASE("a write that fails is told and leaves nothing behind") {
  const ScratchFolder folder;
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1000, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  const auto kind = kind_of([&] { publish(folder / "a", std::string(2000, 'x'), true); });
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK(kind == ErrorKind::unavailable);
  CHECK(entries(folder) == 0);
}

TEST_CASE("many writers of one output leave one whole file") {
  const ScratchFolder folder;
  const fs::path output = folder / "a";
  {
    std::vector<std::jthread> writers;
    for (char c = 'a'; c < 'g'; ++c)
      writers.emplace_back([&output, c] { publish(output, std::string(5000, c), true); });
  }
  const auto text = read_file(output, 10'000);
  CHECK(text == std::string(5000, text.at(0)));
  CHECK(entries(folder) == 1);
}
