#include "terrazzo/pipeline/shapefile.hpp"

#include <doctest/doctest.h>

#include <cstdint>

#include "support/thrown.hpp"

namespace terrazzo::pipeline {
namespace {

std::uint32_t big32(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

Ring square(double x) { return {{x, 0}, {x + 1, 0}, {x + 1, 1}, {x, 1}, {x, 0}}; }

}  // namespace

TEST_CASE("sizes and places in a shapefile's files agree with each other") {
  const auto files = shapefile_of({"location", "n"}, {{{{square(0)}}, {"a.tif", "1"}},
                                                      {{{square(5)}}, {"b.tif", "2"}}});
  CHECK(big32(files.shp, 0) == 9994);
  CHECK(big32(files.shp, 24) * 2 == files.shp.size());
  CHECK(big32(files.shx, 24) * 2 == files.shx.size());
  CHECK(files.shx.size() == 100 + 2 * 8);
  const auto second = big32(files.shx, 108) * 2;
  CHECK(big32(files.shp, second) == 2);
  CHECK(second + 8 + big32(files.shx, 112) * 2 == files.shp.size());
  CHECK(files.dbf.size() == 32 * 3 + 1 + 2 * (1 + 2 * 254) + 1);
  CHECK(files.dbf.find("a.tif ") != std::string::npos);
}

TEST_CASE("names of columns that the format cannot have are refused, long values cut") {
  for (const char* name : {"", "elevenchars", "a b", "é"})
    CHECK(testing::kind_of([&] { shapefile_of({name}, {}); }) ==
          ErrorKind::invalid_input);
  const std::string value = std::string(253, 'x') + "é";
  const auto dbf = shapefile_of({"v"}, {{{{square(0)}}, {value}}}).dbf;
  CHECK(dbf.substr(65 + 1, 254) == std::string(253, 'x') + " ");
}

}  // namespace terrazzo::pipeline
