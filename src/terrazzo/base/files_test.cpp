#include "terrazzo/base/files.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <fstream>

#include "support/process.hpp"
#include "support/scratch_folder.hpp"
#include "support/thrown.hpp"

using namespace terrazzo;
namespace fs = std::filesystem;

namespace {

using terrazzo::testing::kind_of;
using Folder = terrazzo::testing::ScratchFolder;

void put(const fs::path& path, std::string_view text) { std::ofstream{path} << text; }

}  // namespace

TEST_CASE("a file is read whole up to a limit") {
  const Folder folder;
  const std::string large(200'000, 'x');
  put(folder / "a", large);
  CHECK(read_file(folder / "a", large.size()) == large);
  CHECK(kind_of([&] { read_file(folder / "a", large.size() - 1); }) ==
        ErrorKind::too_large);
  CHECK(kind_of([] { read_file("/dev/zero", 1000); }) == ErrorKind::too_large);
  CHECK(read_file("/dev/null", 0).empty());
  CHECK(kind_of([&] { read_file(folder / "b", 10); }) == ErrorKind::not_found);
  CHECK(kind_of([&] { read_file(folder / "", 10); }) == ErrorKind::invalid_input);
}

TEST_CASE("the message of a file error holds the name and no folder, its note all") {
  const Error error = file_failure(ENOSPC, "written", "/secret/place/a.tif");
  CHECK(error.message() == "'a.tif' cannot be written: the disk is full");
  CHECK(error.kind() == ErrorKind::unavailable);
  CHECK(std::string_view{error.what()}.find("/secret/place") != std::string_view::npos);
  CHECK(file_failure(EXDEV, "made", "a").kind() == ErrorKind::internal);
}

TEST_CASE("a folder that cannot be read is denied, or passed over if others can") {
  const Folder folder;
  fs::permissions(folder.path(), fs::perms{0755});
  for (const char* name : {"open", "shut"}) fs::create_directory(folder / name);
  put(folder / "open/a.tif", "");
  put(folder / "shut/a.tif", "");
  fs::permissions(folder / "shut", fs::perms{0});
  const int code = terrazzo::testing::exit_code_as_nobody([&] {
    if (kind_of([&] { files_like(folder / "shut/*.tif"); }) != ErrorKind::denied)
      return 1;
    if (files_like(folder / "*/*.tif") != std::vector<fs::path>{folder / "open/a.tif"})
      return 2;
    return files_like(folder / "none/*.tif").empty() ? 0 : 3;
  });
  fs::permissions(folder / "shut", fs::perms{0755});
  CHECK(code == 0);
}

TEST_CASE("files are found by pattern, sorted, without folders") {
  const Folder folder;
  for (const char* name : {"b.tif", "a.tif", "a[1].tif", "c.txt", ".h.tif"})
    put(folder / name, "");
  fs::create_directory(folder / "d.tif");
  CHECK(files_like(folder / "*.tif") ==
        std::vector<fs::path>{folder / "a.tif", folder / "a[1].tif", folder / "b.tif"});
  CHECK(files_like(folder / "a[[]1].tif") == std::vector<fs::path>{folder / "a[1].tif"});
  CHECK(files_like(folder / "none*").empty());
}
