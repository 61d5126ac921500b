#include "terrazzo/jobs/optimize.hpp"

#include <doctest/doctest.h>

#include <atomic>

#include "terrazzo/jobs/test_files.hpp"

using namespace terrazzo;
using namespace terrazzo::jobs;

namespace {

namespace fs = std::filesystem;

// Writes nothing into the output; fails for inputs called bad*.
void write_empty(const fs::path& input, const fs::path& output,
                 const formats::CogOptions&, const formats::Progress& progress,
                 const Context&) {
  if (input.filename().string().starts_with("bad"))
    throw failure(ErrorKind::corrupt_data, "this is not a raster");
  if (progress) progress(0.5);
  std::ofstream{output};
}

OptimizeRequest request_of(const TestFolder& folder, std::vector<std::string> files) {
  OptimizeRequest request;
  request.files = std::move(files);
  request.output_folder = folder / "out";
  request.nproc = 2;
  return request;
}

std::string message_of(const OptimizeRequest& request,
                       ErrorKind kind = ErrorKind::invalid_input) {
  try {
    optimize(request, {}, {}, write_empty);
  } catch (const Error& e) {
    CHECK(e.kind() == kind);
    return e.message();
  }
  return "";
}

}  // namespace

TEST_CASE("outputs take the names of the inputs, in the order of the arguments") {
  const TestFolder folder;
  const auto b = folder.touch("in/b.vrt");
  folder.touch("in/a1.tif");
  folder.touch("in/a2.tif");
  const auto report =
      optimize(request_of(folder, {b, folder / "in/a*.tif", b}), {}, {}, write_empty);
  CHECK(report.written == std::vector<std::string>{folder / "out/b.tif",
                                                   folder / "out/a1.tif",
                                                   folder / "out/a2.tif"});
  CHECK(fs::exists(folder / "out/a2.tif"));
}

TEST_CASE("a file that fails is listed and the others are done") {
  const TestFolder folder;
  const auto bad = folder.touch("bad.tif");
  const auto good = folder.touch("good.tif");
  Progress last;
  const auto report = optimize(
      request_of(folder, {bad, good}), [&](const Progress& progress) { last = progress; },
      {}, write_empty);
  CHECK(report.written == std::vector<std::string>{folder / "out/good.tif"});
  REQUIRE(report.failed.size() == 1);
  CHECK(report.failed[0].path == bad);
  CHECK(worst(report.failed) == ErrorKind::corrupt_data);
  CHECK(last.done == 2);
  CHECK(last.failed == 1);
  CHECK(last.share == 1);
}

TEST_CASE("what cannot work is refused before any work") {
  const TestFolder folder;
  const auto a = folder.touch("x/a.tif");
  const auto same = folder.touch("y/a.jp2");
  CHECK(message_of(request_of(folder, {a, same})).find("would both become 'a.tif'") !=
        std::string::npos);
  CHECK(message_of(request_of(folder, {folder / "none*"}), ErrorKind::not_found)
            .find("No files given") == 0);
  CHECK(message_of(request_of(folder, {folder / "x"})).find("is a folder, not a file") !=
        std::string::npos);
  auto both = request_of(folder, {a});
  both.skip_existing = both.overwrite = true;
  CHECK(message_of(both).find("not both") != std::string::npos);
  CHECK_FALSE(fs::exists(folder / "out"));
}

TEST_CASE("a folder that cannot be made is told with the reason") {
  const TestFolder folder;
  const auto a = folder.touch("a.tif");
  auto request = request_of(folder, {a});
  request.output_folder = a;
  CHECK(message_of(request, ErrorKind::conflict).find("is no folder") !=
        std::string::npos);
  request.output_folder = a + "/below";
  CHECK(message_of(request, ErrorKind::not_found) ==
        "'below' cannot be made: a part of its path is no folder");
  request.output_folder = "/proc/none";
  CHECK_FALSE(message_of(request, ErrorKind::not_found).empty());
}

TEST_CASE("an output that exists is refused, skipped or replaced, as asked") {
  const TestFolder folder;
  const auto a = folder.touch("a.tif");
  folder.touch("out/a.tif");
  auto request = request_of(folder, {a});
  CHECK(message_of(request, ErrorKind::conflict)
            .find("exists (use --overwrite or --skip-existing)") != std::string::npos);
  request.skip_existing = true;
  CHECK(optimize(request, {}, {}, write_empty).skipped.size() == 1);
  request.skip_existing = false;
  request.overwrite = true;
  CHECK(optimize(request, {}, {}, write_empty).written.size() == 1);
}

TEST_CASE("a stop ends the job and begins no more files") {
  const TestFolder folder;
  const auto a = folder.touch("a.tif");
  const auto b = folder.touch("b.tif");
  auto request = request_of(folder, {a, b});
  request.nproc = 1;
  std::stop_source stop;
  std::atomic<int> begun = 0;
  const auto write = [&](auto&&...) {
    ++begun;
    stop.request_stop();
  };
  CHECK_THROWS_AS(optimize(request, {}, {.stop = stop.get_token()}, write), Error);
  CHECK(begun == 1);
}
