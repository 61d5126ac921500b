#include "terrazzo/raster/colormap.hpp"

#include <algorithm>

#include <doctest/doctest.h>

#include "terrazzo/base/error.hpp"

namespace terrazzo::raster {
namespace {

std::string npy(std::string header, char version = 1, std::size_t values = 1020) {
  std::string bytes = "\x93NUMPY";
  bytes += version;
  bytes += '\0';
  bytes += static_cast<char>(header.size() & 0xff);
  bytes += static_cast<char>(header.size() >> 8);
  if (version > 1) bytes += std::string(2, '\0');
  bytes += header;
  for (std::size_t i = 0; i < values; ++i) bytes += static_cast<char>(i % 251);
  return bytes;
}

const std::string good_header =
    "{'descr': '|u1', 'fortran_order': False, 'shape': (255, 4), }                    \n";

// Values and colours of legends recorded from Terracotta 0.9.1.
void check_legend(const std::vector<LegendEntry>& got,
                  const std::vector<LegendEntry>& want) {
  REQUIRE(got.size() >= want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    CHECK(got[i].value == want[i].value);
    CHECK(got[i].color == want[i].color);
  }
}

}  // namespace

TEST_CASE("the 171 maps of Terracotta are built in under their lower-case names") {
  const Colormaps maps;
  const std::vector<std::string> names = maps.names();
  CHECK(names.size() == 171);
  CHECK(std::is_sorted(names.begin(), names.end()));
  for (const char* name :
       {"accent", "cloud", "gist_grey", "gist_yerg", "grays", "grey", "greys_r",
        "rdylgn_r", "tab20c_r", "turbo", "twilight_shifted", "ylorrd_r"})
    CHECK_MESSAGE(maps.find(name) != nullptr, name);
  CHECK(maps.find("cloud_r") == nullptr);
  CHECK(maps.find("Viridis") == nullptr);
}

TEST_CASE(
    "colours are those of Terracotta, also where a reversed map is no exact mirror") {
  const Colormaps maps;
  const auto color = [&](const char* name, std::size_t byte) {
    return (*maps.find(name))[byte - 1];
  };
  CHECK(color("viridis", 1) == Color{68, 1, 84, 255});
  CHECK(color("viridis", 255) == Color{253, 231, 36, 255});
  CHECK(color("viridis_r", 1) == Color{253, 231, 36, 255});
  CHECK(color("jet", 1) == Color{0, 0, 127, 255});
  CHECK(color("tab10", 1) == Color{31, 119, 180, 255});
  CHECK(color("tab10", 255) == Color{23, 190, 207, 255});
  CHECK(color("jet_r", 98) == Color{221, 255, 25, 255});
  CHECK(color("gray_r", 12) == Color{244, 244, 244, 255});
  CHECK(color("cloud", 1) == Color{0, 0, 0, 0});
  CHECK(color("cloud", 2) == Color{129, 129, 129, 1});
  CHECK(color("cloud", 171) == Color{213, 213, 213, 255});
  CHECK(*maps.find("grey") == *maps.find("gist_gray"));
  CHECK(*maps.find("grays") == *maps.find("greys"));
}

TEST_CASE("an added map is found and replaces one of its name") {
  Colormaps maps;
  maps.add("jet", grey_table());
  maps.add("mine", grey_table());
  CHECK(*maps.find("jet") == grey_table());
  CHECK(*maps.find("mine") == grey_table());
  CHECK(maps.names().size() == 172);
}

TEST_CASE("grey maps every byte to itself") {
  const ColorTable table = grey_table();
  CHECK(table[0] == Color{1, 1, 1, 255});
  CHECK(table[254] == Color{255, 255, 255, 255});
}

TEST_CASE("legends are those that Terracotta answers") {
  const Colormaps maps;
  check_legend(legend(0, 1, 5, grey_table()), {{0, {1, 1, 1, 255}},
                                               {0.25, {64, 64, 64, 255}},
                                               {0.5, {128, 128, 128, 255}},
                                               {0.75, {192, 192, 192, 255}},
                                               {1, {255, 255, 255, 255}}});
  check_legend(legend(-10, 10, 5, *maps.find("viridis")), {{-10, {68, 1, 84, 255}},
                                                           {-5, {59, 81, 138, 255}},
                                                           {0, {32, 144, 140, 255}},
                                                           {5, {94, 201, 97, 255}}});
  check_legend(legend(1, 0, 4, grey_table()),
               {{1, {1, 1, 1, 255}},
                {0.6666666666666667, {86, 86, 86, 255}},
                {0.33333333333333337, {170, 170, 170, 255}},
                {0, {255, 255, 255, 255}}});
  check_legend(legend(0, 1, 4, *maps.find("cloud")),
               {{0, {0, 0, 0, 0}},
                {0.3333333333333333, {171, 171, 171, 127}},
                {0.6666666666666666, {213, 213, 213, 253}},
                {1, {255, 255, 255, 255}}});
  check_legend(legend(0, 1, 300, *maps.find("jet")),
               {{0, {0, 0, 127, 255}},
                {0.0033444816053511705, {0, 0, 132, 255}},
                {0.006688963210702341, {0, 0, 136, 255}},
                {0.010033444816053512, {0, 0, 141, 255}}});
}

TEST_CASE("a legend of no value is empty and one of one value begins the range") {
  CHECK(legend(0, 1, 0, grey_table()).empty());
  check_legend(legend(3, 8, 1, grey_table()), {{3, {1, 1, 1, 255}}});
}

TEST_CASE("a legend ends exactly at the upper bound") {
  CHECK(legend(0.1, 0.7, 1000, grey_table()).back().value == 0.7);
  CHECK(legend(5, 5, 3, grey_table()).back().color == Color{1, 1, 1, 255});
}

TEST_CASE("a legend of too many values is refused") {
  CHECK_THROWS_AS(legend(0, 1, std::size_t{1} << 40, grey_table()), Error);
}

TEST_CASE("a colour map is read from .npy of any version") {
  for (const char version : {'\1', '\2', '\3'}) {
    const ColorTable table = color_table_from_npy(npy(good_header, version));
    CHECK(table[0] == Color{0, 1, 2, 3});
    CHECK(table[254] == Color{1016 % 251, 1017 % 251, 1018 % 251, 1019 % 251});
  }
}

TEST_CASE("the header of .npy may be written in other ways") {
  CHECK_NOTHROW(color_table_from_npy(
      npy("{\"shape\":(255,4),\"descr\":\"<u1\",\"fortran_order\":False}")));
}

TEST_CASE("what is not a colour map is refused as corrupt") {
  const std::string good = npy(good_header);
  std::vector<std::string> bad = {
      "",
      "PNG",
      npy("{'descr': '|i1', 'fortran_order': False, 'shape': (255, 4)}"),
      npy("{'descr': '<u2', 'fortran_order': False, 'shape': (255, 4)}"),
      npy("{'descr': '|u1', 'fortran_order': True, 'shape': (255, 4)}"),
      npy("{'descr': '|u1', 'shape': (255, 4)}"),
      npy("{'descr': '|u1', 'fortran_order': False, 'shape': (256, 4)}"),
      npy("{'descr': '|u1', 'fortran_order': False, 'shape': (255,)}"),
      npy("{'descr': '|u1', 'fortran_order': False, 'shape': (-255, 4)}"),
      npy("{'descr': '|u1', 'fortran_order': False, 'shape': (255, 4)} x"),
      npy("{'descr': [('a', '|u1')], 'fortran_order': False, 'shape': (255, 4)}"),
      npy("{'other': '|u1'}"),
      npy("{}"),
      npy(""),
      npy(good_header, 4),
      npy(good_header, 1, 1019),
      npy(good_header, 1, 1021),
  };
  for (std::size_t length = 0; length < good.size(); ++length)
    bad.push_back(good.substr(0, length));
  for (const std::string& bytes : bad) {
    ErrorKind kind = ErrorKind::internal;
    try {
      color_table_from_npy(bytes);
    } catch (const Error& error) {
      kind = error.kind();
    }
    CHECK(kind == ErrorKind::corrupt_data);
  }
}

}  // namespace terrazzo::raster
