#include "terrazzo/formats/gdal_file.hpp"

#include <doctest/doctest.h>

#include "support/failing_memory.hpp"
#include "terrazzo/formats/samples.hpp"

using namespace terrazzo;
using namespace terrazzo::formats;

namespace {

OpenFile open_file(const std::string& path) {
  const FileIdentity identity = file_identity(path);
  DatasetPtr dataset = open_dataset(path);
  auto facts = read_facts(dataset.get(), path, identity);
  return {std::move(dataset), std::move(facts)};
}

}  // namespace

TEST_CASE("a pool that has no memory for a handle stays as it was") {
  set_up_gdal();
  const SampleFolder folder;
  const std::string path = folder / "a.tif";
  write_sample(path, {.rows = 8, .cols = 8});
  for (const int after : {0, 1, 2, 3}) {
    CAPTURE(after);
    HandlePool pool{2};
    pool.give(open_file(path));
    OpenFile another = open_file(path);
    const FileIdentity identity = another.facts->identity;
    bool is_lost = false;
    testing::fail_allocations(after, 1);
    try {
      pool.give(std::move(another));
    } catch (const std::bad_alloc&) {
      is_lost = true;
    }
    testing::fail_allocations(0, 0);
    std::size_t idle = is_lost ? 1 : 2;
    CHECK(pool.idle() == idle);
    // Full again and over: the oldest go, and every one left can be taken.
    for (int i = 0; i < 3; ++i) pool.give(open_file(path));
    for (idle = 0; pool.take(path, identity); ++idle) {
    }
    CHECK(idle == 2);
    CHECK(pool.idle() == 0);
  }
}
