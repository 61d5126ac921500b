#include "support/blocks.hpp"

namespace terrazzo::io {
namespace {

constexpr std::uint16_t number = 32773;

}  // namespace

TEST_CASE("PACKBITS: runs and literals are read") {
  // Apple's technical note 1023
  const auto stream = test::bytes({0xfe, 0xaa, 0x02, 0x80, 0x00, 0x2a, 0xfd, 0xaa, 0x03,
                                   0x80, 0x00, 0x2a, 0x22, 0xf7, 0xaa});
  const auto data = test::bytes({0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0xaa, 0xaa,
                                 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0x22, 0xaa, 0xaa,
                                 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa});
  CHECK(test::decoded(number, stream, test::row_of(24)) == data);
}

TEST_CASE("PACKBITS: a head of 128 means nothing") {
  CHECK(test::decoded(number, test::bytes({0x80, 0x80, 0xff, 9}), test::row_of(2)) ==
        test::bytes({9, 9}));
}

TEST_CASE("PACKBITS: what a head promises but the stream does not hold is corrupt") {
  CHECK(test::is_corrupt(number, test::bytes({0x04, 1, 2}), test::row_of(5)));
  CHECK(test::is_corrupt(number, test::bytes({0x00, 1, 0xfe}), test::row_of(4)));
  CHECK(test::is_corrupt(number, test::bytes({0x80, 0x80}), test::row_of(1)));
}

}  // namespace terrazzo::io
