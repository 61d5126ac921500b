#include "terrazzo/io/block_table.hpp"

#include <doctest/doctest.h>

#include <random>

#include "support/thrown.hpp"

using namespace terrazzo;
using namespace terrazzo::io;
using terrazzo::testing::kind_of;

namespace {

BlockTable table_of(const std::vector<BlockPlace>& places) {
  BlockTable table;
  for (const BlockPlace& place : places) table.append(place);
  return table;
}

std::vector<BlockPlace> all_of(const BlockTable& table) {
  std::vector<BlockPlace> places;
  table.for_each([&](const BlockPlace& place) { places.push_back(place); });
  return places;
}

std::vector<std::byte> bytes_of(const BlockTable& table) {
  return {table.packed().begin(), table.packed().end()};
}

std::vector<BlockPlace> any_places(std::size_t count) {
  std::mt19937_64 random{count};
  std::vector<BlockPlace> places(count);
  for (BlockPlace& place : places)
    if (random() % 5 != 0) place = {random() >> random() % 60U, random() >> 40U | 1U};
  return places;
}

}  // namespace

TEST_CASE("places come back as they were, one by one and all together") {
  for (const std::size_t count : {0, 1, 63, 64, 65, 1000}) {
    const auto places = any_places(count);
    const BlockTable table = table_of(places);
    REQUIRE(table.size() == count);
    CHECK(all_of(table) == places);
    for (std::size_t i = 0; i < count; ++i) CHECK(table.at(i) == places[i]);
    CHECK(kind_of([&] { (void)table.at(count); }) == ErrorKind::internal);
    CHECK(all_of(BlockTable::unpacked(bytes_of(table), count, UINT64_MAX)) == places);
  }
}

TEST_CASE("a million blocks that follow each other take four megabytes") {
  BlockTable table;
  std::uint64_t offset = 1U << 20U;
  for (std::uint64_t i = 0; i < 1U << 20U; ++i) {
    const std::uint64_t size = 9000 + i % 4000;
    table.append({offset, size});
    offset += size + 8;  // as in a COG
  }
  CHECK(table.packed().size() < (4U << 20U));
  CHECK(table.bytes() < (9U << 20U));
  CHECK(table.at((1U << 20U) - 1).size == 9000 + ((1U << 20U) - 1) % 4000);
}

TEST_CASE("packed places that are damaged are refused") {
  const auto places = any_places(200);
  const auto good = bytes_of(table_of(places));
  const auto refusal = [&](std::vector<std::byte> bytes, std::size_t count,
                           std::uint64_t file_size = UINT64_MAX) {
    return kind_of([&] { BlockTable::unpacked(std::move(bytes), count, file_size); });
  };
  CHECK(refusal(good, 199) == ErrorKind::corrupt_data);
  CHECK(refusal(good, 201) == ErrorKind::corrupt_data);
  CHECK(refusal(good, 200, 1000) == ErrorKind::corrupt_data);
  CHECK(refusal({}, 1U << 30U) == ErrorKind::corrupt_data);
  CHECK(refusal(std::vector(12, std::byte{0xFF}), 1) == ErrorKind::corrupt_data);
  auto shorter = good;
  shorter.pop_back();
  CHECK(refusal(shorter, 200) == ErrorKind::corrupt_data);
}
