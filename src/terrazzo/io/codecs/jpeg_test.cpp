#include <cstdio>
#include <cstdlib>

#include <jpeglib.h>

#include "support/blocks.hpp"

namespace terrazzo::io {
namespace {

using test::Bytes;
using test::View;

constexpr std::uint16_t number = 7;

struct Form {
  std::size_t rows = 48;
  std::size_t cols = 80;
  int samples = 3;
  bool ycbcr = true;
  int subsampling = 2;  // of the colour, both ways
  bool progressive = false;
  bool tables_apart = false;
  int scans_for_each = 0;  // of the 63 coefficients of a block of one sample
};

struct Encoded {
  Bytes block;
  Bytes tables;
};

// What libjpeg writes, through one end of a compressor to bytes.
template <class Write>
Bytes written(jpeg_compress_struct& info, const Write& write) {
  unsigned char* out = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &out, &size);
  write();
  const auto* first = reinterpret_cast<const std::byte*>(out);
  Bytes result(first, first + size);
  std::free(out);
  return result;
}

// The mean, then each coefficient by itself: all bits at once or but the last one first.
std::vector<jpeg_scan_info> script(int scans_for_each) {
  const int left = scans_for_each - 1;
  std::vector<jpeg_scan_info> scans{{1, {0}, 0, 0, 0, 0}};
  for (int k = 1; k < 64; ++k) scans.push_back({1, {0}, k, k, 0, left});
  if (left > 0)
    for (int k = 1; k < 64; ++k) scans.push_back({1, {0}, k, k, 1, 0});
  return scans;
}

void set_up(jpeg_compress_struct& info, const Form& form) {
  info.image_width = static_cast<JDIMENSION>(form.cols);
  info.image_height = static_cast<JDIMENSION>(form.rows);
  info.input_components = form.samples;
  info.in_color_space = form.ycbcr ? JCS_RGB : JCS_UNKNOWN;
  jpeg_set_defaults(&info);
  jpeg_set_colorspace(&info, form.ycbcr ? JCS_YCbCr : JCS_UNKNOWN);
  jpeg_set_quality(&info, 80, TRUE);
  if (form.ycbcr) {
    info.comp_info[0].h_samp_factor = form.subsampling;
    info.comp_info[0].v_samp_factor = form.subsampling;
  }
  if (form.progressive) jpeg_simple_progression(&info);
}

Bytes picture(const Form& form) {
  Bytes result(form.rows * form.cols * static_cast<std::size_t>(form.samples));
  for (std::size_t i = 0; i < result.size(); ++i)
    result[i] = static_cast<std::byte>((i * i / 97 + i % 13 * 9) & 0xff);
  return result;
}

Encoded encoded(const Form& form) {
  jpeg_error_mgr errors{};
  jpeg_compress_struct info{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  set_up(info, form);
  const auto scans = script(form.scans_for_each);
  if (form.scans_for_each > 0) {
    info.scan_info = scans.data();
    info.num_scans = static_cast<int>(scans.size());
  }
  Encoded result;
  if (form.tables_apart) result.tables = written(info, [&] { jpeg_write_tables(&info); });
  result.block = written(info, [&] {
    jpeg_start_compress(&info, form.tables_apart ? FALSE : TRUE);
    Bytes pixels = picture(form);
    const std::size_t row_bytes = pixels.size() / form.rows;
    while (info.next_scanline < info.image_height) {
      auto* row = reinterpret_cast<JSAMPROW>(&pixels[info.next_scanline * row_bytes]);
      jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
  });
  jpeg_destroy_compress(&info);
  return result;
}

// What libjpeg itself makes of a block with tables.
Bytes expected(const Bytes& block, const Form& form) {
  jpeg_error_mgr errors{};
  jpeg_decompress_struct info{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(block.data()), block.size());
  jpeg_read_header(&info, TRUE);
  info.jpeg_color_space = form.ycbcr ? JCS_YCbCr : JCS_UNKNOWN;
  info.out_color_space = form.ycbcr ? JCS_RGB : JCS_UNKNOWN;
  jpeg_start_decompress(&info);
  Bytes pixels(form.rows * form.cols * static_cast<std::size_t>(form.samples));
  const std::size_t row_bytes = pixels.size() / form.rows;
  while (info.output_scanline < info.output_height) {
    auto* row = reinterpret_cast<JSAMPROW>(&pixels[info.output_scanline * row_bytes]);
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_destroy_decompress(&info);
  return pixels;
}

BlockShape shape_of(const Form& form) {
  return {.rows = form.rows,
          .cols = form.cols,
          .samples = static_cast<std::size_t>(form.samples),
          .photometric = static_cast<std::uint16_t>(form.ycbcr ? 6 : 1)};
}

void check_like_libjpeg(const Form& form) {
  const Bytes block = encoded(form).block;
  CHECK(test::decoded(number, block, shape_of(form)) == expected(block, form));
}

// Of all pixels, in grey levels.
double mean_difference(View a, View b) {
  REQUIRE(a.size() == b.size());
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    sum += std::abs(std::to_integer<int>(a[i]) - std::to_integer<int>(b[i]));
  return sum / static_cast<double>(a.size());
}

}  // namespace

TEST_CASE("JPEG: YCbCr comes out as libjpeg's RGB") {
  for (const int subsampling : {1, 2}) check_like_libjpeg({.subsampling = subsampling});
  check_like_libjpeg({.rows = 37, .cols = 51});
  check_like_libjpeg({.rows = 1, .cols = 1});
}

TEST_CASE("JPEG: other samples come out as they are") {
  for (const int samples : {1, 2, 3, 4}) {
    CAPTURE(samples);
    const Form form{.samples = samples, .ycbcr = false};
    check_like_libjpeg(form);
    const Bytes block = encoded(form).block;
    CHECK(mean_difference(test::decoded(number, block, shape_of(form)), picture(form)) <
          16);
  }
}

TEST_CASE("JPEG: a progressive block is read") {
  check_like_libjpeg({.progressive = true});
  check_like_libjpeg({.samples = 4, .ycbcr = false, .progressive = true});
}

TEST_CASE("JPEG: tables may stand apart") {
  for (const bool ycbcr : {true, false}) {
    const Form form{.ycbcr = ycbcr, .tables_apart = true};
    const Encoded apart = encoded(form);
    BlockShape shape = shape_of(form);
    shape.jpeg_tables = apart.tables;
    Form whole = form;
    whole.tables_apart = false;
    CHECK(test::decoded(number, apart.block, shape) ==
          expected(encoded(whole).block, whole));
  }
}

TEST_CASE("JPEG: tables that are missing or no tables are corrupt") {
  const Form form{.tables_apart = true};
  const Encoded apart = encoded(form);
  BlockShape shape = shape_of(form);
  CHECK(test::is_corrupt(number, apart.block, shape));
  const Bytes whole = encoded({}).block;
  shape.jpeg_tables = whole;
  CHECK(test::is_corrupt(number, apart.block, shape));
  const Bytes rubbish = test::noise(50, 1);
  shape.jpeg_tables = rubbish;
  CHECK(test::is_corrupt(number, apart.block, shape));
}

TEST_CASE("JPEG: a block of another shape is corrupt") {
  const Bytes block = encoded({}).block;
  const auto refused = [&](std::size_t rows, std::size_t cols, std::size_t samples) {
    return test::is_corrupt(number, block,
                            {.rows = rows, .cols = cols, .samples = samples});
  };
  CHECK_FALSE(refused(48, 80, 3));
  CHECK(refused(49, 80, 3));
  CHECK(refused(48, 79, 3));
  CHECK(refused(48, 81, 3));
  CHECK(refused(48, 80, 1));
  CHECK(refused(48, 80, 4));
}

TEST_CASE("JPEG: of a block with more rows the first ones are given") {
  const Form form;
  const Bytes block = encoded(form).block;
  Bytes first = expected(block, form);
  first.resize(20 * form.cols * 3);
  BlockShape shape = shape_of(form);
  shape.rows = 20;
  CHECK(test::decoded(number, block, shape) == first);
  const Bytes progressive = encoded({.progressive = true}).block;
  CHECK(test::is_corrupt(number, progressive, shape));
}

TEST_CASE("JPEG: only the end marker may be missing") {
  const Form form;
  Bytes block = encoded(form).block;
  const Bytes pixels = expected(block, form);
  block.resize(block.size() - 2);
  CHECK(test::decoded(number, block, shape_of(form)) == pixels);
  for (const std::size_t left : {block.size() - 30, block.size() / 2, std::size_t{100}})
    CHECK(test::is_corrupt(number, View(block).first(left), shape_of(form)));
}

TEST_CASE("JPEG: a progressive block that is cut off is corrupt") {
  const Form form{.progressive = true};
  const Bytes block = encoded(form).block;
  for (std::size_t left = 0; left + 2 < block.size(); left += 50)
    CHECK(test::is_corrupt(number, View(block).first(left), shape_of(form)));
}

TEST_CASE("JPEG: blocks of 12 bits are not supported") {
  BlockShape shape = shape_of({});
  shape.bits = 12;
  CHECK(test::refusal(number, encoded({}).block, shape) == ErrorKind::unsupported);
}

TEST_CASE("JPEG: a message says what libjpeg says") {
  CHECK_THROWS_WITH_AS(test::decoded(number, test::bytes({1, 2, 3, 4}), shape_of({})),
                       doctest::Contains("Not a JPEG"), Error);
}

TEST_CASE("JPEG: more than a hundred scans are not supported") {
  const Form few{.samples = 1, .ycbcr = false, .scans_for_each = 1};
  check_like_libjpeg(few);
  const Form many{.samples = 1, .ycbcr = false, .scans_for_each = 2};
  CHECK_THROWS_WITH_AS(test::decoded(number, encoded(many).block, shape_of(many)),
                       doctest::Contains("more than 100 scans"), Error);
  CHECK(test::refusal(number, encoded(many).block, shape_of(many)) ==
        ErrorKind::unsupported);
}

TEST_CASE("JPEG: damaged blocks are refused, or decoded to something") {
  for (const bool progressive : {false, true}) {
    const Form form{.rows = 16, .cols = 24, .progressive = progressive};
    test::check_damage(number, encoded(form).block, shape_of(form));
  }
}

}  // namespace terrazzo::io
