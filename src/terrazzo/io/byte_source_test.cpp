#include "terrazzo/io/byte_source.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "support/loopback_server.hpp"
#include "support/scratch_folder.hpp"
#include "support/thrown.hpp"
#include "terrazzo/io/memory_source.hpp"

using namespace terrazzo;
using namespace terrazzo::io;
using terrazzo::testing::kind_of;
using terrazzo::testing::LoopbackServer;
using terrazzo::testing::ScratchFolder;

namespace {

void write(const std::string& path, std::string_view text) {
  std::ofstream{path, std::ios::binary} << text;
}

std::string text_at(const ByteSource& source, std::uint64_t offset, std::size_t length,
                    const Context& context = {}) {
  std::string out(length, '.');
  const Piece piece{offset, std::as_writable_bytes(std::span{out})};
  source.read({&piece, 1}, context);
  return out;
}

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span{text});
  return {bytes.begin(), bytes.end()};
}

}  // namespace

TEST_CASE("a file is read by path and by file URL") {
  const ScratchFolder folder;
  write(folder / "a b.tif", "0123456789");
  for (const std::string& uri : {folder / "a b.tif", "file://" + (folder / "a b.tif")}) {
    const auto source = open_bytes(uri);
    CHECK(source->size() == 10);
    CHECK(text_at(*source, 3, 4) == "3456");
    CHECK(text_at(*source, 10, 0).empty());
    CHECK(kind_of([&] { text_at(*source, 8, 3); }) == ErrorKind::corrupt_data);
  }
}

TEST_CASE("a file's generation differs once it is another one") {
  const ScratchFolder folder;
  write(folder / "a", "one");
  const std::string first = open_bytes(folder / "a")->generation();
  CHECK(open_bytes(folder / "a")->generation() == first);
  write(folder / "b", "two");
  std::filesystem::rename(folder / "b", folder / "a");
  CHECK(open_bytes(folder / "a")->generation() != first);
}

TEST_CASE("a file that is replaced is read as it was opened") {
  const ScratchFolder folder;
  write(folder / "a", "the old content");
  const auto source = open_bytes(folder / "a");
  write(folder / "b", "something new");
  std::filesystem::rename(folder / "b", folder / "a");
  CHECK(text_at(*source, 0, 15) == "the old content");
  std::filesystem::remove(folder / "a");
  CHECK(text_at(*source, 4, 3) == "old");
}

TEST_CASE("a file that is cut or written to in place is noticed") {
  const ScratchFolder folder;
  write(folder / "a", "0123456789");
  const auto cut = open_bytes(folder / "a");
  std::filesystem::resize_file(folder / "a", 5);
  CHECK(kind_of([&] { text_at(*cut, 2, 8); }) == ErrorKind::corrupt_data);
  CHECK(kind_of([&] { text_at(*cut, 0, 2); }) == ErrorKind::conflict);

  const auto touched = open_bytes(folder / "a");
  std::filesystem::last_write_time(
      folder / "a",
      std::filesystem::last_write_time(folder / "a") + std::chrono::hours{1});
  CHECK(kind_of([&] { text_at(*touched, 0, 2); }) == ErrorKind::conflict);
}

TEST_CASE("what is no file to be read says so") {
  const ScratchFolder folder;
  CHECK(kind_of([&] { open_bytes(folder / "none"); }) == ErrorKind::not_found);
  CHECK(kind_of([&] { open_bytes(folder.path()); }) == ErrorKind::invalid_input);
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(kind_of([&] { open_bytes(folder / "pipe"); }) == ErrorKind::unsupported);
  CHECK(kind_of([&] { open_bytes(""); }) == ErrorKind::invalid_input);
  CHECK(kind_of([&] { open_bytes(std::string{"a\0b", 3}); }) == ErrorKind::invalid_input);
  CHECK_THROWS_WITH_AS(
      open_bytes("gopher://secret@host/a.tif"),
      doctest::Contains("'gopher://'; there are: file, http, memory, s3"), Error);
  CHECK(kind_of([&] { open_bytes("/vsizip/a.zip/a.tif"); }) == ErrorKind::unsupported);
}

TEST_CASE("messages about a file name it without its folder") {
  const ScratchFolder folder;
  try {
    open_bytes(folder / "none.tif");
    FAIL("nothing was thrown");
  } catch (const Error& e) {
    CHECK(e.message().find("none.tif") != std::string::npos);
    CHECK(e.message().find(folder.path()) == std::string::npos);
  }
}

TEST_CASE("memory is a file whose head is all of it") {
  const auto source = memory_source(bytes_of("0123456789"), "v7");
  CHECK(source->size() == 10);
  CHECK(source->generation() == "v7");
  CHECK(source->head().size() == 10);
  CHECK(text_at(*source, 3, 7) == "3456789");
  CHECK(kind_of([&] { text_at(*source, 3, 8); }) == ErrorKind::corrupt_data);
  CHECK(memory_source({}, "")->size() == 0);
}

TEST_CASE("no source is read for a caller who went away") {
  const ScratchFolder folder;
  write(folder / "a", "0123456789");
  std::stop_source stop;
  stop.request_stop();
  const Context context{.stop = stop.get_token()};
  const auto file = open_bytes(folder / "a");
  const auto memory = memory_source(bytes_of("0123456789"), "");
  CHECK(kind_of([&] { text_at(*file, 0, 2, context); }) == ErrorKind::cancelled);
  CHECK(kind_of([&] { text_at(*memory, 0, 2, context); }) == ErrorKind::cancelled);
  CHECK(kind_of([&] { open_bytes(folder / "a", context); }) == ErrorKind::cancelled);
}

TEST_CASE("a URL is read by ranges") {
  const std::string content = testing::numbered_bytes(100'000);
  const LoopbackServer server{
      [&](const auto& request) { return testing::file_answer(request, content); }};
  const auto source = open_bytes("HTTP://" + server.host() + "/a.tif");
  CHECK(source->size() == 100'000);
  CHECK(source->generation() == "\"v1\"");
  CHECK(text_at(*source, 99'000, 1000) == content.substr(99'000));
}
