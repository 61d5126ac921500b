#include "terrazzo/base/files.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <thread>

using namespace terrazzo;
namespace fs = std::filesystem;

namespace {

// A folder of its own for each test, gone afterwards.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "terrazzo-files-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  fs::path operator/(const char* name) const { return path_ / name; }
  std::size_t entries() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator{path_}, fs::directory_iterator{}));
  }

 private:
  fs::path path_;
};

void put(const fs::path& path, std::string_view text) { std::ofstream{path} << text; }

template <class F>
ErrorKind kind_of(F&& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.kind();
  }
  FAIL("nothing was thrown");
  return ErrorKind::internal;
}

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

TEST_CASE("a file written aside appears when it is committed, and not before") {
  const Folder folder;
  const auto target = folder / "scene.tif";
  put(target, "old");
  {
    AsideFile file{target};
    CHECK(file.path().parent_path() == target.parent_path());
    CHECK(file.path().extension() == ".tif");
    file.write("new ");
    file.write("bytes");
    CHECK(read_file(target, 100) == "old");
    file.commit();
    CHECK(read_file(target, 100) == "new bytes");
    CHECK(kind_of([&] { file.commit(); }) == ErrorKind::internal);
  }
  CHECK(read_file(target, 100) == "new bytes");
  CHECK(folder.entries() == 1);
}

TEST_CASE("a file that is not committed leaves nothing behind") {
  const Folder folder;
  {
    AsideFile{folder / "scene.tif"}.write("half");
  }
  CHECK(folder.entries() == 0);
}

TEST_CASE("others may write, and even replace, the file under its temporary name") {
  const Folder folder;
  AsideFile file{folder / "a.tif"};
  fs::remove(file.path());
  put(file.path(), "made by a driver");
  file.commit();
  CHECK(read_file(folder / "a.tif", 100) == "made by a driver");
}

TEST_CASE("an existing target is refused at once, and if it comes later") {
  const Folder folder;
  const auto target = folder / "a.tif";
  const auto refuse = AsideFile::IfExists::refuse;
  {
    AsideFile first{target, refuse};
    AsideFile second{target, refuse};
    first.write("first");
    first.commit();
    CHECK(kind_of([&] { second.commit(); }) == ErrorKind::conflict);
  }
  CHECK(kind_of([&] { AsideFile third(target, refuse); }) == ErrorKind::conflict);
  CHECK(read_file(target, 100) == "first");
  CHECK(folder.entries() == 1);
}

TEST_CASE("a target that cannot be is refused before anything is written") {
  const Folder folder;
  fs::create_directory(folder / "sub");
  CHECK(kind_of([&] { AsideFile file(folder / "sub"); }) == ErrorKind::invalid_input);
  CHECK(kind_of([&] { AsideFile file(folder / "none/a"); }) == ErrorKind::not_found);
  CHECK(kind_of([&] { AsideFile file(folder / ""); }) == ErrorKind::invalid_input);
  const std::string long_name(250, 'n');
  AsideFile fits{folder / long_name.c_str()};
  fits.commit();
  CHECK(fs::exists(folder / long_name.c_str()));
}

TEST_CASE("a write that fails is told and leaves nothing behind") {
  const Folder folder;
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1000, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  const auto kind = kind_of([&] {
    AsideFile file{folder / "a"};
    file.write(std::string(2000, 'x'));
  });
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK(kind == ErrorKind::too_large);
  CHECK(folder.entries() == 0);
}

TEST_CASE("many writers of one target leave one whole file") {
  const Folder folder;
  const auto target = folder / "a";
  {
    std::vector<std::jthread> writers;
    for (char c = 'a'; c < 'g'; ++c)
      writers.emplace_back([&target, c] {
        AsideFile file{target};
        file.write(std::string(5000, c));
        file.commit();
      });
  }
  const auto text = read_file(target, 10'000);
  CHECK(text == std::string(5000, text.at(0)));
  CHECK(folder.entries() == 1);
}
