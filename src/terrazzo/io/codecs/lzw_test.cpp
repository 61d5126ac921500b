#include "support/blocks.hpp"

namespace terrazzo::io {
namespace {

using test::Bytes;
using test::LzwStyle;

constexpr std::uint16_t number = 5;

// Codes of nine bits.
Bytes codes_of(std::initializer_list<unsigned> codes) {
  test::CodeWriter out(LzwStyle::modern);
  for (const unsigned code : codes) out.put(code, 9);
  return out.take();
}

bool is_corrupt(std::initializer_list<unsigned> codes, std::size_t size) {
  return test::is_corrupt(number, codes_of(codes), test::row_of(size));
}

}  // namespace

TEST_CASE("LZW: the example of TIFF 6.0 is read") {
  const Bytes data = test::bytes({7, 7, 7, 8, 8, 7, 7, 6, 6});
  const Bytes modern =
      test::bytes({0x80, 0x01, 0xe0, 0x40, 0x80, 0x44, 0x08, 0x0c, 0x06, 0x80, 0x80});
  const Bytes old =
      test::bytes({0x00, 0x0f, 0x08, 0x44, 0x80, 0x40, 0xa0, 0x01, 0x03, 0x01, 0x01});
  CHECK(test::decoded(number, modern, test::row_of(9)) == data);
  CHECK(test::decoded(number, old, test::row_of(9)) == data);
}

TEST_CASE("LZW: the bytes of old files are read too") {
  for (const std::size_t size : {1, 600, 5000, 200000}) {
    CAPTURE(size);
    const Bytes data = test::terrain(size, 1);
    CHECK(test::decoded(number, test::lzw(data, LzwStyle::old), test::row_of(size)) ==
          data);
  }
}

TEST_CASE("LZW: a full table may be used to the end") {
  const Bytes data = test::terrain(300000, 2);
  const auto shape = test::row_of(data.size());
  for (const LzwStyle style : {LzwStyle::modern, LzwStyle::old})
    CHECK(test::decoded(number, test::lzw(data, style, false), shape) == data);
}

TEST_CASE("LZW: a string may be the one that its own code adds") {
  CHECK(test::decoded(number, codes_of({256, 5, 258, 259, 260, 257}), test::row_of(10)) ==
        Bytes(10, std::byte{5}));
}

TEST_CASE("LZW: strings of every length are copied whole") {
  Bytes data;
  for (std::size_t period = 1; period < 40; ++period)
    for (std::size_t i = 0; i < 6 * period; ++i)
      data.push_back(static_cast<std::byte>(100 + i % period));
  CHECK(test::decoded(number, test::lzw(data), test::row_of(data.size())) == data);
}

TEST_CASE("LZW: the clear code may come twice, or not at the begin") {
  const Bytes data = test::bytes({1, 2, 1, 2});
  CHECK(test::decoded(number, codes_of({256, 256, 1, 2, 258, 257}), test::row_of(4)) ==
        data);
  CHECK(test::decoded(number, codes_of({1, 2, 258, 257}), test::row_of(4)) == data);
  CHECK(test::decoded(number, codes_of({256, 1, 2, 256, 1, 2, 257}), test::row_of(4)) ==
        data);
}

TEST_CASE("LZW: the end code is not needed") {
  CHECK(test::decoded(number, codes_of({256, 1, 2}), test::row_of(2)) ==
        test::bytes({1, 2}));
}

TEST_CASE("LZW: codes of strings that are not there are corrupt") {
  CHECK(is_corrupt({256, 258}, 4));
  CHECK(is_corrupt({256, 1, 259}, 4));
  CHECK(is_corrupt({256, 1, 2, 258, 256, 258}, 9));
  CHECK(is_corrupt({258}, 4));
  CHECK(is_corrupt({256, 1, 511}, 4));
}

TEST_CASE("LZW: old streams are damaged and refused like others") {
  const Bytes data = test::terrain(3000, 3);
  test::check_damage(number, test::lzw(data, LzwStyle::old), test::row_of(data.size()));
}

}  // namespace terrazzo::io
