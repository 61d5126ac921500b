#include "terrazzo/io/picture_format.hpp"

#include <array>
#include <cmath>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <set>

#include <doctest/doctest.h>
#include <jpeglib.h>
#include <png.h>
#include <webp/decode.h>

#include "terrazzo/base/error.hpp"
#include "terrazzo/io/geotiff.hpp"
#include "terrazzo/io/memory_source.hpp"
#include "terrazzo/io/tiff_block.hpp"

namespace terrazzo::io {
namespace {

const PictureFormat& format(std::string_view name) {
  const PictureFormat* kind = find_picture_format(name);
  REQUIRE(kind != nullptr);
  return *kind;
}

std::string drawn(std::string_view name, const Drawing& drawing, int quality = 80) {
  return format(name).draw(drawing, {.quality = quality});
}

// Smooth, without data in the first rows.
Drawing smooth(std::size_t rows, std::size_t cols, std::size_t planes) {
  Drawing drawing;
  drawing.rows = rows;
  drawing.cols = cols;
  for (std::size_t plane = 0; plane < planes; ++plane) {
    Bytes& bytes = drawing.planes.emplace_back(rows * cols);
    for (std::size_t i = rows / 4 * cols; i < bytes.size(); ++i)
      bytes[i] = static_cast<std::uint8_t>(
          128 + 100 * std::sin(static_cast<double>(i / cols + plane * 9) / 20) *
                    std::cos(static_cast<double>(i % cols) / 25));
  }
  return drawing;
}

std::vector<Color> half_clear_palette() {
  std::vector<Color> palette(256);
  for (std::size_t i = 1; i < 256; ++i) {
    const auto byte = static_cast<std::uint8_t>(i);
    palette[i] = {byte, static_cast<std::uint8_t>(255 - byte), 7,
                  static_cast<std::uint8_t>(i < 128 ? 128 : 255)};
  }
  palette[0] = {9, 9, 9, 0};
  return palette;
}

struct Decoded {
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t samples = 0;
  Bytes bytes{};
};

Decoded decoded_jpeg(const std::string& file) {
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(file.data()), file.size());
  REQUIRE(jpeg_read_header(&info, TRUE) == JPEG_HEADER_OK);
  jpeg_start_decompress(&info);
  Decoded out{info.output_height, info.output_width,
              static_cast<std::size_t>(info.output_components)};
  out.bytes.resize(out.rows * out.cols * out.samples);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = &out.bytes[info.output_scanline * out.cols * out.samples];
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  CHECK(errors.num_warnings == 0);
  jpeg_destroy_decompress(&info);
  return out;
}

Decoded decoded_webp(const std::string& file) {
  int width = 0;
  int height = 0;
  auto* pixels = WebPDecodeRGBA(reinterpret_cast<const std::uint8_t*>(file.data()),
                                file.size(), &width, &height);
  REQUIRE(pixels != nullptr);
  Decoded out{static_cast<std::size_t>(height), static_cast<std::size_t>(width), 4};
  out.bytes.assign(pixels, pixels + out.rows * out.cols * 4);
  WebPFree(pixels);
  return out;
}

double mean_difference(const Bytes& a, const Bytes& b) {
  REQUIRE(a.size() == b.size());
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(a[i] - b[i]);
  return sum / static_cast<double>(a.size());
}

// 16-bit linear samples of a PNG with alpha: 2 or 4 a pixel.
std::vector<std::uint16_t> decoded_deep(const std::string& file, bool is_grey) {
  png_structp png =
      png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  std::string_view rest = file;
  png_set_read_fn(png, &rest, [](png_structp p, png_bytep to, std::size_t size) {
    auto& left = *static_cast<std::string_view*>(png_get_io_ptr(p));
    REQUIRE(left.size() >= size);
    std::memcpy(to, left.data(), size);
    left.remove_prefix(size);
  });
  png_read_info(png, info);
  CHECK(png_get_bit_depth(png, info) == 16);
  CHECK(png_get_color_type(png, info) ==
        (is_grey ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB));
  png_set_tRNS_to_alpha(png);
  png_set_swap(png);
  png_read_update_info(png, info);
  const std::size_t rows = png_get_image_height(png, info);
  const std::size_t row_words = png_get_rowbytes(png, info) / 2;
  std::vector<std::uint16_t> words(rows * row_words);
  for (std::size_t row = 0; row < rows; ++row)
    png_read_row(png, reinterpret_cast<png_bytep>(&words[row * row_words]), nullptr);
  png_destroy_read_struct(&png, &info, nullptr);
  return words;
}

}  // namespace

TEST_CASE("every picture format says what it is and is made from one thing") {
  std::set<std::string_view> names;
  for (const PictureFormat* kind : picture_format_kinds()) {
    CAPTURE(kind->name);
    CHECK(names.insert(kind->name).second);
    for (const std::string_view alias : kind->aliases) {
      CHECK(names.insert(alias).second);
      CHECK(find_picture_format(alias) == kind);
    }
    CHECK(kind->summary.ends_with('.'));
    CHECK(kind->type.find('/') != std::string_view::npos);
    CHECK((kind->draw != nullptr) + (kind->draw_deep != nullptr) +
              (kind->write != nullptr) ==
          1);
  }
  CHECK(find_picture_format("gif") == nullptr);
  CHECK(find_picture_format("") == nullptr);
  CHECK(picture_format_names().find("png16") != std::string::npos);
}

TEST_CASE(
    "a grey JPEG has one component, close to what was drawn, and black for no data") {
  const Drawing drawing = smooth(65, 131, 1);
  const Decoded got = decoded_jpeg(drawn("jpeg", drawing));
  CHECK(got.rows == 65);
  CHECK(got.cols == 131);
  CHECK(got.samples == 1);
  CHECK(mean_difference(got.bytes, drawing.planes[0]) < 1.5);
  CHECK(got.bytes[5 * 131 + 60] < 8);
}

TEST_CASE("a JPEG of a palette has its colours over black") {
  Drawing drawing = smooth(64, 64, 1);
  drawing.palette = half_clear_palette();
  std::ranges::fill(drawing.planes[0], std::uint8_t{100});
  std::ranges::fill(std::span(drawing.planes[0]).first(32 * 64), std::uint8_t{0});
  const Decoded got = decoded_jpeg(drawn("jpeg", drawing, 95));
  CHECK(got.samples == 3);
  CHECK(got.bytes[0] < 4);
  CHECK(std::abs(got.bytes[3 * 60 * 64] - 100 * 128 / 255) < 4);
  CHECK(std::abs(got.bytes[3 * 60 * 64 + 1] - 155 * 128 / 255) < 4);
}

TEST_CASE("better quality is closer and larger, in JPEG and WebP") {
  const Drawing drawing = smooth(128, 128, 3);
  const Bytes rgba = rgba_of(drawing);
  for (const std::string_view name : {"jpeg", "webp"})
    CHECK(drawn(name, drawing, 95).size() > drawn(name, drawing, 30).size());
  const Bytes fair = decoded_webp(drawn("webp", drawing, 30)).bytes;
  const Bytes good = decoded_webp(drawn("webp", drawing, 95)).bytes;
  CHECK(mean_difference(good, rgba) < mean_difference(fair, rgba));
  CHECK(mean_difference(good, rgba) < 2);
}

TEST_CASE("WebP keeps transparency, and at quality 100 every pixel") {
  for (const std::size_t planes : {std::size_t{1}, std::size_t{3}}) {
    const Drawing drawing = smooth(67, 33, planes);
    const Bytes rgba = rgba_of(drawing);
    CHECK(decoded_webp(drawn("webp", drawing, 100)).bytes == rgba);
    const Bytes lossy = decoded_webp(drawn("webp", drawing, 50)).bytes;
    for (std::size_t i = 3; i < rgba.size(); i += 4) REQUIRE(lossy[i] == rgba[i]);
  }
  Drawing drawing = smooth(30, 30, 1);
  drawing.palette = half_clear_palette();
  CHECK(decoded_webp(drawn("webp", drawing, 100)).bytes == rgba_of(drawing));
}

TEST_CASE("a PNG of 16 bits keeps every sample and shows through where they are 0") {
  DeepDrawing drawing{.rows = 5, .cols = 70, .planes = {{}}};
  for (int i = 0; i < 5 * 70; ++i)
    drawing.planes[0].push_back(static_cast<std::uint16_t>(i < 70 ? 0 : i * 187));
  for (const int level : {0, 1, 6}) {
    const auto got =
        decoded_deep(format("png16").draw_deep(drawing, {.deflate_level = level}), true);
    REQUIRE(got.size() == 2 * 5 * 70);
    for (std::size_t i = 0; i < 5 * 70; ++i) {
      REQUIRE(got[2 * i] == drawing.planes[0][i]);
      REQUIRE(got[2 * i + 1] == (drawing.planes[0][i] == 0 ? 0 : 65535));
    }
  }
  drawing.planes = {drawing.planes[0], drawing.planes[0],
                    std::vector<std::uint16_t>(350, 256)};
  drawing.planes[2][3] = 0;
  const auto got = decoded_deep(format("png16").draw_deep(drawing, {}), false);
  REQUIRE(got.size() == 4 * 350);
  CHECK(got[4 * 3 + 3] == 0);
  CHECK(got[4 * 4 + 3] == 65535);
  CHECK(got[4 * 100 + 1] == drawing.planes[0][100]);
  CHECK(got[4 * 100 + 2] == 256);
}

TEST_CASE("npy holds the values of all bands, 0 where there are none, and the mask") {
  Image a(ElementType::uint8, 1, 2, 3);
  Image b(ElementType::int16, 1, 2, 3);
  for (std::size_t i = 0; i < 6; ++i) {
    a.values<std::uint8_t>()[i] = static_cast<std::uint8_t>(250 + i);
    b.values<std::int16_t>()[i] = static_cast<std::int16_t>(-300 * static_cast<int>(i));
  }
  a.valid()[1] = 0;
  b.valid()[5] = 0;
  const std::string file = format("npy").write({.bands = {&a, &b}});
  REQUIRE(file.size() > 128);
  CHECK(file.substr(0, 8) == std::string("\x93NUMPY\x01\x00", 8));
  const std::size_t length = static_cast<unsigned char>(file[8]);
  CHECK((10 + length) % 64 == 0);
  CHECK(file[10 + length - 1] == '\n');
  CHECK(file.substr(10, 62) ==
        "{'descr': '<i2', 'fortran_order': False, 'shape': (3, 2, 3), }");
  std::array<std::int16_t, 18> values{};
  REQUIRE(file.size() == 10 + length + sizeof(values));
  std::memcpy(values.data(), &file[10 + length], sizeof(values));
  CHECK(values == std::array<std::int16_t, 18>{250, 0, 252, 253, 254, 255,     //
                                               0, -300, -600, -900, -1200, 0,  //
                                               255, 0, 255, 255, 255, 0});
}

TEST_CASE("the mask of an array of bytes is 255 whatever their sign") {
  const Image bytes(ElementType::int8, 1, 1, 2);
  const Image real(ElementType::float64, 1, 1, 2);
  CHECK(format("npy").write({.bands = {&bytes}}).find("'<i2'") != std::string::npos);
  CHECK(format("npy").write({.bands = {&bytes, &real}}).find("'<f8'") !=
        std::string::npos);
  const Image unsigned_bytes(ElementType::uint8, 1, 1, 2);
  const std::string file = format("npy").write({.bands = {&unsigned_bytes}});
  CHECK(file.find("'|u1'") != std::string::npos);
  CHECK(file.ends_with(std::string("\0\0\xff\xff", 4)));
}

TEST_CASE(
    "a GeoTIFF has the values of all bands, NaN where there are none, and its place") {
  Image a(ElementType::uint16, 1, 300, 7);
  Image b(ElementType::int16, 1, 300, 7);
  for (std::size_t i = 0; i < a.pixels(); ++i) {
    a.values<std::uint16_t>()[i] = static_cast<std::uint16_t>(65535 - i);
    b.values<std::int16_t>()[i] = static_cast<std::int16_t>(-static_cast<int>(i));
  }
  a.valid()[5] = 0;
  const Box box{-700, 100, 0, 30100};
  const std::string file = format("tif").write({.bands = {&a, &b}, .box = box});
  const auto raw = std::as_bytes(std::span{file});
  const auto source = memory_source({raw.begin(), raw.end()}, "tile.tif");
  const GeoTiff tiff = read_geotiff(*source);
  CHECK(tiff.info.rows == 300);
  CHECK(tiff.info.cols == 7);
  REQUIRE(tiff.info.bands.size() == 2);
  CHECK(tiff.info.bands[0].type == ElementType::float64);  // what int32 becomes
  CHECK(std::isnan(tiff.info.bands[1].nodata.value()));
  CHECK(tiff.info.affine == Affine{100, 0, -700, 0, -100, 30100});
  CHECK(tiff.info.crs->epsg_code() == 3857);
  REQUIRE(tiff.image(0).blocks.size() == 2);
  std::size_t pixel = 0;
  for (std::size_t strip = 0; strip < 2; ++strip) {
    const auto place = tiff.image(0).blocks.at(strip);
    const auto block = decode_block(tiff.image(0), tiff.tiff.swapped, strip,
                                    raw.subspan(place.offset, place.size));
    std::vector<double> values(block.bytes.size() / sizeof(double));
    std::memcpy(values.data(), block.bytes.data(), block.bytes.size());
    for (std::size_t i = 0; i < values.size() && pixel < a.pixels(); i += 2, ++pixel) {
      if (pixel == 5) {
        REQUIRE(std::isnan(values[i]));
      } else {
        REQUIRE(values[i] == 65535 - static_cast<double>(pixel));
      }
      REQUIRE(values[i + 1] == -static_cast<double>(pixel));
    }
  }
  CHECK(pixel == a.pixels());
  const std::string small = format("tiff").write({.bands = {&a}, .box = box});
  CHECK(small.size() < 300 * 7 * 4 + 1000);  // float32
}

TEST_CASE("what does not fit together or into a format is refused") {
  Drawing drawing = smooth(4, 4, 1);
  drawing.planes[0].pop_back();
  for (const std::string_view name : {"png", "jpeg", "webp"})
    CHECK_THROWS_WITH_AS(drawn(name, drawing), doctest::Contains("15 samples"), Error);
  Drawing two = smooth(4, 4, 2);
  CHECK_THROWS_WITH_AS(drawn("png", two), doctest::Contains("2 planes"), Error);
  Drawing few = smooth(4, 4, 1);
  few.palette.resize(3);
  CHECK_THROWS_WITH_AS(drawn("webp", few), doctest::Contains("3 colours"), Error);
  const Drawing wide = smooth(1, 70'000, 1);
  for (const std::string_view name : {"jpeg", "webp"})
    CHECK_THROWS_WITH_AS(drawn(name, wide), doctest::Contains("too large"), Error);
  CHECK_THROWS_AS(drawn("webp", Drawing{}), Error);
  CHECK_THROWS_AS(
      format("png16").draw_deep({.rows = 1, .cols = 1, .planes = {{}, {}}}, {}), Error);
}

}  // namespace terrazzo::io
