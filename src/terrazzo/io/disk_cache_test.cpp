#include "terrazzo/io/disk_cache.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "support/loopback_server.hpp"
#include "support/scratch_folder.hpp"
#include "support/stderr.hpp"
#include "support/thrown.hpp"

using namespace terrazzo;
using namespace terrazzo::io;
using terrazzo::testing::kind_of;
using terrazzo::testing::LoopbackServer;
using terrazzo::testing::ScratchFolder;
using terrazzo::testing::SeenRequest;

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t plenty = std::uint64_t{1} << 30U;

const std::string& content() {
  static const std::string bytes = testing::numbered_bytes(1'000'000);
  return bytes;
}

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span{text});
  return {bytes.begin(), bytes.end()};
}

std::string read(const ByteSource& source, std::uint64_t offset, std::size_t length) {
  std::string out(length, '.');
  const Piece piece{offset, std::as_writable_bytes(std::span{out})};
  source.read({&piece, 1});
  return out;
}

std::vector<fs::path> chunks_in(const std::string& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator{folder})
    if (entry.is_regular_file() && entry.path().filename() != "lock")
      files.push_back(entry.path());
  return files;
}

std::uint64_t bytes_in(const std::string& folder) {
  std::uint64_t sum = 0;
  for (const fs::path& path : chunks_in(folder)) sum += fs::file_size(path);
  return sum;
}

}  // namespace

TEST_CASE("chunks are found again, also by another cache on the same folder") {
  const ScratchFolder folder;
  DiskCache{folder / "cache", plenty}.keep("file 1", 7, bytes_of("seven"));
  const DiskCache later{folder / "cache", plenty};
  CHECK(later.find("file 1", 7) == bytes_of("seven"));
  CHECK_FALSE(later.find("file 1", 8));
  CHECK_FALSE(later.find("file 2", 7));
}

TEST_CASE("a chunk that was damaged, cut or moved is not there") {
  const ScratchFolder folder;
  DiskCache cache{folder.path(), plenty};
  cache.keep("a", 1, bytes_of("the bytes"));
  const fs::path path = chunks_in(folder.path()).at(0);
  const auto size = fs::file_size(path);
  for (std::uint64_t at = 0; at < size; ++at) {
    std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
    file.seekg(static_cast<std::streamoff>(at));
    const char was = static_cast<char>(file.get());
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(was ^ 4));
    file.flush();
    CHECK_FALSE(cache.find("a", 1));
    file.seekp(static_cast<std::streamoff>(at));
    file.put(was);
  }
  CHECK(cache.find("a", 1));
  cache.keep("a", 2, bytes_of("others"));
  for (const fs::path& other : chunks_in(folder.path()))
    if (other != path) fs::rename(path, other);
  CHECK_FALSE(cache.find("a", 2));
  cache.keep("a", 1, bytes_of("the bytes"));
  fs::resize_file(path, size - 1);
  CHECK_FALSE(cache.find("a", 1));
}

TEST_CASE("the folder keeps its size, and what was used last") {
  const ScratchFolder folder;
  const std::uint64_t most = std::uint64_t{4} << 20U;
  DiskCache cache{folder.path(), most};
  const std::vector<std::byte> chunk(DiskCache::chunk_bytes, std::byte{'x'});
  for (std::uint64_t i = 0; i < 200; ++i) {
    cache.keep("a", i, chunk);
    CHECK(bytes_in(folder.path()) <= most);
    // Times of files are coarse: each is a minute older than the next.
    for (const fs::path& path : chunks_in(folder.path()))
      fs::last_write_time(path, fs::last_write_time(path) - std::chrono::minutes{1});
  }
  CHECK(cache.find("a", 199));
  CHECK_FALSE(cache.find("a", 0));
  CHECK(bytes_in(folder.path()) > most / 2);
}

TEST_CASE("a folder that is too full is made smaller at the start") {
  const ScratchFolder folder;
  {
    DiskCache large{folder.path(), plenty};
    for (std::uint64_t i = 0; i < 20; ++i)
      large.keep("a", i, std::vector<std::byte>(DiskCache::chunk_bytes));
  }
  const DiskCache small{folder.path(), 10 * DiskCache::chunk_bytes};
  CHECK(bytes_in(folder.path()) <= 10 * DiskCache::chunk_bytes);
}

TEST_CASE("what a crash left half written goes") {
  const ScratchFolder folder;
  DiskCache cache{folder.path(), plenty};
  cache.keep("a", 1, bytes_of("x"));
  const fs::path part = chunks_in(folder.path()).at(0).parent_path() / "77-1.part";
  std::ofstream{part} << "half";
  const DiskCache soon{folder.path(), plenty};
  CHECK(fs::exists(part));  // somebody may be writing it
  fs::last_write_time(part, fs::last_write_time(part) - std::chrono::hours{2});
  const DiskCache later{folder.path(), plenty};
  CHECK_FALSE(fs::exists(part));
}

TEST_CASE("a folder that cannot be had is refused, a full disk only told") {
  const ScratchFolder folder;
  std::ofstream{folder / "file"} << "x";
  CHECK(kind_of([&] { DiskCache{folder / "file", plenty}; }) == ErrorKind::denied);

  DiskCache cache{folder / "cache", plenty};
  fs::remove_all(folder / "cache");
  const std::string log = testing::stderr_of([&] {
    cache.keep("a", 1, bytes_of("x"));
    cache.keep("a", 2, bytes_of("x"));
  });
  CHECK(std::ranges::count(log, '\n') == 1);
  CHECK_FALSE(cache.find("a", 1));
}

TEST_CASE("a remote file is read over the network once, even by the next process") {
  const ScratchFolder folder;
  const LoopbackServer server{[](const SeenRequest& request) {
    return testing::file_answer(request, content());
  }};
  const auto open = [&] {
    return cached(open_bytes(server.url("/a.tif")), "a",
                  std::make_shared<DiskCache>(folder.path(), plenty));
  };
  const auto first = open();
  CHECK(read(*first, 500'000, 200'000) == content().substr(500'000, 200'000));
  CHECK(read(*first, 999'000, 1'000) == content().substr(999'000));
  CHECK(read(*first, 10, 20) == content().substr(10, 20));
  CHECK(read(*first, 32'000, 40'000) == content().substr(32'000, 40'000));
  const auto later = open();
  const auto before = server.seen().size();
  CHECK(read(*later, 510'000, 150'000) == content().substr(510'000, 150'000));
  CHECK(read(*later, 999'990, 10) == content().substr(999'990));
  CHECK(server.seen().size() == before);
}

TEST_CASE("chunks of a file are never used for what replaced it") {
  const ScratchFolder folder;
  std::atomic<bool> replaced{false};
  std::string other = content();
  std::ranges::reverse(other);
  const LoopbackServer server{[&](const SeenRequest& request) {
    return replaced ? testing::file_answer(request, other, "\"v2\"")
                    : testing::file_answer(request, content(), "\"v1\"");
  }};
  const auto cache = std::make_shared<DiskCache>(folder.path(), plenty);
  const auto first = cached(open_bytes(server.url("/a")), "a", cache);
  CHECK(read(*first, 500'000, 10) == content().substr(500'000, 10));
  replaced = true;
  const auto second = cached(open_bytes(server.url("/a")), "a", cache);
  CHECK(read(*second, 500'000, 10) == other.substr(500'000, 10));
  CHECK(read(*first, 500'000, 10) == content().substr(500'000, 10));
  CHECK(kind_of([&] { read(*first, 800'000, 10); }) == ErrorKind::conflict);
}

TEST_CASE("processes and threads share a folder") {
  const ScratchFolder folder;
  constexpr std::uint64_t most = std::uint64_t{2} << 20U;
  const auto work = [&](unsigned seed) {
    DiskCache cache{folder.path(), most};
    for (std::uint64_t i = 0; i < 150; ++i) {
      const std::uint64_t number = (i * 7 + seed) % 60;
      const std::vector<std::byte> chunk(DiskCache::chunk_bytes,
                                         static_cast<std::byte>(number));
      const auto found = cache.find("a", number);
      if (found && *found != chunk) return false;
      cache.keep("a", number, chunk);
    }
    return true;
  };
  std::vector<pid_t> children;
  for (unsigned i = 0; i < 3; ++i) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(work(i) ? 0 : 1);
    children.push_back(child);
  }
  std::atomic<bool> right{true};
  std::vector<std::thread> threads;
  for (unsigned i = 3; i < 6; ++i)
    threads.emplace_back([&, i] {
      if (!work(i)) right = false;
    });
  for (std::thread& thread : threads) thread.join();
  for (const pid_t child : children) {
    int status = 1;
    ::waitpid(child, &status, 0);
    CHECK(status == 0);
  }
  CHECK(right);
  CHECK(bytes_in(folder.path()) <= 2 * most);
}
