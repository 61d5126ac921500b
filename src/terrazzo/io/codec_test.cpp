#include "terrazzo/io/codec.hpp"

#include <algorithm>
#include <array>
#include <string>

#include <zlib.h>
#include <zstd.h>

#include "support/blocks.hpp"

namespace terrazzo::io {
namespace {

using test::Bytes;
using test::View;

constexpr std::uint16_t none = 1;
constexpr std::uint16_t lzw = 5;
constexpr std::uint16_t deflate = 8;
constexpr std::uint16_t packbits = 32773;
constexpr std::uint16_t zstd = 50000;

Bytes deflated(View data) {
  uLongf size = compressBound(data.size());
  Bytes out(size);
  REQUIRE(compress(reinterpret_cast<Bytef*>(out.data()), &size,
                   reinterpret_cast<const Bytef*>(data.data()), data.size()) == Z_OK);
  out.resize(size);
  return out;
}

Bytes zstd_compressed(View data) {
  Bytes out(ZSTD_compressBound(data.size()));
  const std::size_t size =
      ZSTD_compress(out.data(), out.size(), data.data(), data.size(), 9);
  REQUIRE(ZSTD_isError(size) == 0);
  out.resize(size);
  return out;
}

// As libtiff writes it: a frame that does not say how much it holds.
Bytes zstd_streamed(View data) {
  ZSTD_CStream* stream = ZSTD_createCStream();
  Bytes out(ZSTD_compressBound(data.size()) + 64);
  ZSTD_outBuffer to{out.data(), out.size(), 0};
  for (std::size_t at = 0; at < data.size();) {
    const std::size_t size = std::min<std::size_t>(1000, data.size() - at);
    ZSTD_inBuffer from{&data[at], size, 0};
    ZSTD_compressStream(stream, &to, &from);
    at += from.pos;
  }
  REQUIRE(ZSTD_endStream(stream, &to) == 0);
  ZSTD_freeCStream(stream);
  out.resize(to.pos);
  return out;
}

Bytes packed(View data) {
  Bytes out;
  for (std::size_t at = 0; at < data.size();) {
    std::size_t run = 1;
    while (run < 128 && at + run < data.size() && data[at + run] == data[at]) ++run;
    out.push_back(static_cast<std::byte>(run > 1 ? 257 - run : 0));
    out.push_back(data[at]);
    at += run;
  }
  return out;
}

Bytes encoded(std::uint16_t number, View data) {
  switch (number) {
    case none:
      return {data.begin(), data.end()};
    case lzw:
      return test::lzw(data);
    case packbits:
      return packed(data);
    case zstd:
      return zstd_compressed(data);
    default:
      return deflated(data);
  }
}

constexpr std::array byte_codecs{none, lzw, deflate, packbits, zstd};

Bytes mirrored(Bytes data) {
  for (std::byte& b : data) {
    unsigned out = 0;
    for (unsigned bit = 0; bit < 8; ++bit)
      out |= (std::to_integer<unsigned>(b) >> bit & 1U) << (7 - bit);
    b = static_cast<std::byte>(out);
  }
  return data;
}

}  // namespace

TEST_CASE("a compression is found by its number in the file") {
  const auto name = [](int number) {
    const CodecKind* kind = find_codec(static_cast<std::uint16_t>(number));
    return kind != nullptr ? std::string(kind->name) : "";
  };
  CHECK(name(1) == "NONE");
  CHECK(name(5) == "LZW");
  CHECK(name(7) == "JPEG");
  CHECK(name(8) == "DEFLATE");
  CHECK(name(32773) == "PACKBITS");
  CHECK(name(32946) == "DEFLATE");
  CHECK(name(34887) == "LERC");
  CHECK(name(50000) == "ZSTD");
  CHECK(name(50001) == "WEBP");
}

TEST_CASE("a compression nobody here knows is not found") {
  for (const int number : {0, 2, 3, 4, 6, 34712, 34925, 50002, 65535})
    CHECK(find_codec(static_cast<std::uint16_t>(number)) == nullptr);
}

TEST_CASE("what takes a predictor does not decode samples") {
  for (const CodecKind* kind : codec_kinds()) {
    CAPTURE(kind->name);
    CHECK_FALSE((kind->takes_predictor && kind->decodes_samples));
  }
}

TEST_CASE("bytes come back as they were written") {
  for (const std::uint16_t number : byte_codecs)
    for (const std::size_t size : {1, 2, 255, 4096, 70000, 300000}) {
      CAPTURE(number);
      CAPTURE(size);
      const Bytes data = test::terrain(size, 1);
      CHECK(test::decoded(number, encoded(number, data), test::row_of(size)) == data);
      const Bytes rough = test::noise(size, 2);
      CHECK(test::decoded(number, encoded(number, rough), test::row_of(size)) == rough);
    }
}

TEST_CASE("a zstd frame may leave out its size") {
  const Bytes data = test::terrain(100000, 3);
  CHECK(test::decoded(zstd, zstd_streamed(data), test::row_of(data.size())) == data);
}

TEST_CASE("bits may be stored from the lowest on") {
  const Bytes data = test::terrain(5000, 4);
  BlockShape shape = test::row_of(data.size());
  shape.fill_order = 2;
  for (const std::uint16_t number : byte_codecs) {
    CAPTURE(number);
    if (number == none)
      CHECK(test::decoded(none, data, shape) == mirrored(data));
    else
      CHECK(test::decoded(number, mirrored(encoded(number, data)), shape) == data);
  }
}

TEST_CASE("bytes after the end of a block are passed over") {
  const Bytes data = test::terrain(5000, 5);
  for (const std::uint16_t number : byte_codecs) {
    CAPTURE(number);
    Bytes stream = encoded(number, data);
    const Bytes more = test::noise(100, 6);
    stream.insert(stream.end(), more.begin(), more.end());
    CHECK(test::decoded(number, stream, test::row_of(data.size())) == data);
  }
}

TEST_CASE("of a stream that holds more than the block the first bytes are given") {
  const Bytes data = test::terrain(50000, 7);
  for (const std::uint16_t number : byte_codecs)
    for (const std::size_t size : {1, 999, 49999}) {
      CAPTURE(number);
      CAPTURE(size);
      const Bytes first(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(size));
      CHECK(test::decoded(number, encoded(number, data), test::row_of(size)) == first);
    }
}

TEST_CASE("a stream that holds less than the block is corrupt") {
  const Bytes data = test::terrain(5000, 8);
  for (const std::uint16_t number : byte_codecs) {
    CAPTURE(number);
    CHECK(test::is_corrupt(number, encoded(number, data), test::row_of(5001)));
    CHECK(test::is_corrupt(number, {}, test::row_of(1)));
  }
}

TEST_CASE("a stream that is cut off never gives other bytes") {
  const Bytes data = test::terrain(3000, 9);
  for (const std::uint16_t number : byte_codecs) {
    CAPTURE(number);
    const Bytes stream = encoded(number, data);
    CHECK(test::is_corrupt(number, View(stream).first(stream.size() / 2),
                           test::row_of(data.size())));
    for (std::size_t size = 0; size < stream.size(); size += 7) {
      const View cut = View(stream).first(size);
      if (!test::is_corrupt(number, cut, test::row_of(data.size())))
        CHECK(test::decoded(number, cut, test::row_of(data.size())) == data);
    }
  }
}

TEST_CASE("a DEFLATE stream whose checksum does not hold is corrupt") {
  const Bytes data = test::terrain(3000, 10);
  const Bytes stream = deflated(data);
  for (std::size_t bit = 0; bit < 32; ++bit) {
    Bytes flipped = stream;
    flipped[stream.size() - 1 - bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
    CHECK(test::is_corrupt(deflate, flipped, test::row_of(data.size())));
  }
}

TEST_CASE("damaged streams are refused, or decoded to something") {
  const Bytes data = test::terrain(3000, 11);
  for (const std::uint16_t number : byte_codecs) {
    CAPTURE(number);
    test::check_damage(number, encoded(number, data), test::row_of(data.size()));
  }
}

TEST_CASE("streams that expand a thousand times fill the block and no more") {
  const Bytes zeros(std::size_t{1} << 20);
  const Bytes block(4096);
  for (const std::uint16_t number : {lzw, deflate, zstd}) {
    CAPTURE(number);
    CHECK(test::decoded(number, encoded(number, zeros), test::row_of(4096)) == block);
  }
}

TEST_CASE("a zstd frame of a gigabyte costs what the block costs") {
  const std::size_t blocks = 8192;  // of 128 KiB of the letter a, in 4 bytes each
  const auto frame = [&](const Bytes& header) {
    Bytes result = header;
    for (std::size_t i = 0; i < blocks; ++i) {
      const unsigned block = (1U << 17) << 3 | 1U << 1 | (i + 1 == blocks ? 1U : 0U);
      for (const unsigned shift : {0U, 8U, 16U})
        result.push_back(static_cast<std::byte>(block >> shift & 0xff));
      result.push_back(std::byte{'a'});
    }
    return result;
  };
  const Bytes block(4096, std::byte{'a'});
  const auto shape = test::row_of(block.size());
  SUBCASE("its size not told") {
    const Bytes header = test::bytes({0x28, 0xb5, 0x2f, 0xfd, 0x00, 13 << 3});
    CHECK(test::decoded(zstd, frame(header), shape) == block);
  }
  SUBCASE("its size and a window as large told") {
    const Bytes header = test::bytes({0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0x40});
    CHECK(test::is_corrupt(zstd, frame(header), shape));
  }
}

}  // namespace terrazzo::io
