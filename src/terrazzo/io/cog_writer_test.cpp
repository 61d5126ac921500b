#include "terrazzo/io/cog_writer.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "terrazzo/io/cog_rules.hpp"
#include "terrazzo/io/geotiff.hpp"
#include "terrazzo/io/tiff_strips.hpp"

namespace terrazzo::io {
namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / fmt::format("cog-writer-{}", ::getpid())) {
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  fs::path operator/(const char* name) const { return path_ / name; }
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator{path_}, fs::directory_iterator{}));
  }

 private:
  fs::path path_;
};

std::uint16_t value_at(std::size_t row, std::size_t col, std::size_t sample) {
  if (row < 300 && col < 300) return 0;
  return static_cast<std::uint16_t>(1000 + (row * 7 + col * 13) % 97 + sample * 500);
}

// Made up as it is read; keeps count of what it was asked.
class Made final : public StripSource {
 public:
  explicit Made(const StripShape& shape) : shape_(shape) {}
  const StripShape& shape() const override { return shape_; }
  void read(std::size_t first, std::size_t rows, Strip& to, const Context&) override {
    CHECK(first == next_);
    next_ = first + rows;
    to.resize(shape_, rows);
    auto* out = reinterpret_cast<std::uint16_t*>(to.values.data());
    for (std::size_t row = first; row < first + rows; ++row)
      for (std::size_t col = 0; col < shape_.cols; ++col)
        for (std::size_t s = 0; s < shape_.samples; ++s) *out++ = value_at(row, col, s);
    for (std::size_t i = 0; i < to.valid.size(); ++i) to.valid[i] = i % 3 != 0;
  }

 private:
  StripShape shape_;
  std::size_t next_ = 0;
};

const EncoderKind& encoder(std::string_view name) {
  return find_kind(encoder_kinds(), name);
}

void write(const Folder& folder, const StripShape& shape, std::string_view compression,
           bool in_memory = false) {
  Made source{shape};
  const AsideFiles aside{folder / "out.tif"};
  Pool pool{1, 0};
  CogFormat format{.encoder = &encoder(compression)};
  format.spills_to_memory = in_memory;
  write_cog(source, {.nodata = 0}, format, aside, aside.file("tmp"), pool, {}, {});
  aside.publish(aside.file("tmp"), true);
}

}  // namespace

TEST_CASE("a COG from rows keeps every rule, pixel and hidden pixel") {
  const Folder folder;
  for (const char* compression : {"NONE", "DEFLATE", "LZW", "ZSTD"})
    for (const bool masked : {false, true}) {
      CAPTURE(compression);
      CAPTURE(masked);
      const StripShape shape{ElementType::uint16, 3, 700, 900, masked};
      write(folder, shape, compression, masked);
      const auto bytes = open_bytes((folder / "out.tif").string());
      const CogFindings findings = check_cog(*bytes);
      CHECK(findings.errors.empty());
      CHECK(findings.warnings.empty());
      GeoTiff file = read_geotiff(*bytes);
      REQUIRE(file.levels.size() == 3);
      CHECK(file.image(2).rows == 175);
      CHECK(file.image(2).cols == 225);
      CHECK(file.image(0).blocks.at(0).size == 0);
      CHECK(file.image(0).blocks.at(3).size != 0);
      CHECK((file.mask(2) != nullptr) == masked);
      Pool pool{0, 0};
      const auto strips = tiff_strips(bytes, std::move(file), {{1, 2, 3}, masked}, pool);
      Made again{shape};
      Strip there;
      Strip back;
      for (std::size_t row = 0; row < shape.rows; row += 100) {
        again.read(row, 100, there, {});
        strips->read(row, 100, back, {});
        CHECK(there.values == back.values);
      }
    }
  CHECK(folder.files() == 1);
}

TEST_CASE("pixels that a predictor makes small take the quick one, classes take none") {
  const StripShape shape{ElementType::uint16, 1, 256, 1024, false};
  Strip smooth;
  smooth.resize(shape, 256);
  Strip classes = smooth;
  Strip blank = smooth;
  auto* hills = reinterpret_cast<std::uint16_t*>(smooth.values.data());
  auto* fields = reinterpret_cast<std::uint16_t*>(classes.values.data());
  std::uint32_t random = 1;
  for (std::size_t i = 0; i < shape.rows * shape.cols; ++i) {
    random = random * 1664525U + 1013904223U;
    hills[i] = static_cast<std::uint16_t>(i % shape.cols * 9 + (random >> 29U));
    fields[i] = static_cast<std::uint16_t>((random >> 28U) * (random >> 28U) * 257U);
  }
  for (const char* compression : {"DEFLATE", "ZSTD"}) {
    CAPTURE(compression);
    BlockFormat format{.encoder = &encoder(compression)};
    format.shape = block_shape(shape, {}, format);
    const auto for_smooth = try_predictor(smooth, shape, format);
    REQUIRE(for_smooth);
    CHECK(for_smooth->predictor == Predictor::horizontal);
    CHECK(for_smooth->is_quick);
    const auto for_classes = try_predictor(classes, shape, format);
    REQUIRE(for_classes);
    CHECK(for_classes->predictor == Predictor::none);
    CHECK_FALSE(for_classes->is_quick);
    CHECK_FALSE(try_predictor(blank, shape, format));
  }
}

TEST_CASE("a COG whose disk is full leaves nothing") {
  const Folder folder;
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  const rlimit small{200'000, old.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  for (const bool in_memory : {false, true}) {
    ErrorKind kind = ErrorKind::internal;
    try {
      write(folder, {ElementType::uint16, 3, 700, 900, false}, "NONE", in_memory);
    } catch (const Error& error) {
      kind = error.kind();
    }
    CHECK(kind == ErrorKind::unavailable);
  }
  ::setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, before);
  CHECK(folder.files() == 0);
}

}  // namespace terrazzo::io
