#include "terrazzo/jobs/keyed_files.hpp"

#include <doctest/doctest.h>

#include "terrazzo/jobs/test_files.hpp"

using namespace terrazzo;
using namespace terrazzo::jobs;

namespace {

std::string message_of(const std::string& pattern,
                       ErrorKind kind = ErrorKind::invalid_input) {
  try {
    find_keyed(pattern);
  } catch (const Error& e) {
    CHECK(e.kind() == kind);
    return e.message();
  }
  return "";
}

}  // namespace

TEST_CASE("a pattern finds files and reads their keys") {
  const TestFolder folder;
  folder.touch("S2_20240601_B04.tif");
  folder.touch("S2_20240601_B02.tif");
  folder.touch("notes.txt");
  const auto found = find_keyed(folder / "{sensor}_{date}_{band}.tif");
  CHECK(found.names == std::vector<std::string>{"sensor", "date", "band"});
  REQUIRE(found.files.size() == 2);
  CHECK(found.files[0].path == folder / "S2_20240601_B02.tif");
  CHECK(found.files[0].keys == catalog::Keys{"S2", "20240601", "B02"});
  CHECK(found.files[1].keys == catalog::Keys{"S2", "20240601", "B04"});
}

TEST_CASE("keys come from folders, and what stands in for anything is no key") {
  const TestFolder folder;
  folder.touch("L7/2001/scene-a_B1.tif");
  folder.touch("L8/2014/scene-b_B1.tif");
  const auto found = find_keyed(folder / "{sensor}/{year}/{}_{band}.tif");
  REQUIRE(found.files.size() == 2);
  CHECK(found.files[1].keys == catalog::Keys{"L8", "2014", "B1"});
}

TEST_CASE("the path of a file is kept whole where the pattern ends in anything") {
  const TestFolder folder;
  folder.touch("a_1.tif");
  const auto found = find_keyed(folder / "{name}_{}");
  REQUIRE(found.files.size() == 1);
  CHECK(found.files[0].path == folder / "a_1.tif");
}

TEST_CASE("folders are no files, and signs of the shell in a folder are only signs") {
  const TestFolder folder;
  folder.touch("[x]/a.tif");
  std::filesystem::create_directories(folder / "[x]/b.tif");
  CHECK(find_keyed(folder / "[x]/{name}.tif").files.size() == 1);
}

TEST_CASE("a relative pattern starts at the working directory, whatever that is called") {
  const TestFolder folder;
  folder.touch("{x}/a.tif");
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder / "{x}");
  const auto found = find_keyed("../{{x}}/{name}.tif");
  std::filesystem::current_path(before);
  REQUIRE(found.files.size() == 1);
  CHECK(found.files[0].path == folder / "{x}/a.tif");
}

TEST_CASE("files whose names are not UTF-8 are left out and counted") {
  const TestFolder folder;
  folder.touch("g\xfcnther.tif");
  CHECK(message_of(folder / "{name}.tif", ErrorKind::not_found)
            .ends_with("matches no files but 1 whose paths are not UTF-8"));
  folder.touch("heidi.tif");
  CHECK(find_keyed(folder / "{name}.tif").files.size() == 1);
}

TEST_CASE("a pattern that cannot work is the caller's mistake") {
  const TestFolder folder;
  folder.touch("a_1.tif");
  folder.touch("a_2.tif");
  CHECK(message_of(folder / "a_1.tif").find("no placeholder") != std::string::npos);
  CHECK(message_of(folder / "{}.tif").find("no placeholder") != std::string::npos);
  CHECK(
      message_of(folder / "{name}.png", ErrorKind::not_found).find("matches no files") !=
      std::string::npos);
  CHECK(message_of(folder / "{name}_{}.tif") ==
        "duplicate keys: 'a_1.tif' and 'a_2.tif' both have a");
  CHECK_FALSE(message_of(folder / "{name_1.tif").empty());
  CHECK_FALSE(message_of("").empty());
}
