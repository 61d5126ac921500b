#include "terrazzo/io/tiff_header.hpp"

#include <algorithm>
#include <bit>
#include <string_view>
#include <utility>

#include "terrazzo/io/varint.hpp"

namespace terrazzo::io {
namespace {

constexpr std::string_view magic = "TZH1";  // its last letter is the version
constexpr std::size_t most_images = 1024;

// FNV-1a: against accidents. Whoever writes a header on purpose also finds its checks.
std::uint64_t checksum(std::span<const std::byte> bytes) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const std::byte byte : bytes)
    hash = (hash ^ static_cast<std::uint64_t>(byte)) * 1099511628211ULL;
  return hash;
}

class Writer {
 public:
  template <class Number>
  void number(Number value) {
    put_varint(bytes, static_cast<std::uint64_t>(value));
  }
  void real(double value) { fixed(std::bit_cast<std::uint64_t>(value)); }
  void fixed(std::uint64_t value) {
    for (unsigned shift = 0; shift < 64; shift += 8)
      bytes.push_back(static_cast<std::byte>(value >> shift));
  }
  void raw(std::span<const std::byte> content) {
    number(content.size());
    bytes.insert(bytes.end(), content.begin(), content.end());
  }
  void text(std::string_view content) { raw(std::as_bytes(std::span{content})); }
  template <class T>
  void numbers(const std::vector<T>& values) {
    number(values.size());
    for (const T value : values) number(value);
  }
  void reals(const std::vector<double>& values) {
    number(values.size());
    for (const double value : values) real(value);
  }

  std::vector<std::byte> bytes{};
};

class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : rest_(bytes) {}

  bool at_end() const { return rest_.empty(); }

  template <class Number>
  Number number() {
    const std::uint64_t value = take_varint(rest_);
    if (!std::in_range<Number>(value)) throw damaged();
    return static_cast<Number>(value);
  }
  double real() { return std::bit_cast<double>(fixed()); }
  std::uint64_t fixed() {
    std::uint64_t value = 0;
    const auto bytes = take(8);
    for (std::size_t i = 0; i < 8; ++i)
      value |= static_cast<std::uint64_t>(bytes[i]) << 8 * i;
    return value;
  }
  std::vector<std::byte> raw() {
    const auto bytes = take(number<std::size_t>());
    return {bytes.begin(), bytes.end()};
  }
  std::string text() {
    const auto bytes = take(number<std::size_t>());
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  template <class T>
  std::vector<T> numbers() {
    std::vector<T> values(count(1));
    for (T& value : values) value = number<T>();
    return values;
  }
  std::vector<double> reals() {
    std::vector<double> values(count(8));
    for (double& value : values) value = real();
    return values;
  }

  static Error damaged() {
    return failure(ErrorKind::corrupt_data, "a kept TIFF header is damaged");
  }

 private:
  std::span<const std::byte> take(std::size_t size) {
    if (size > rest_.size()) throw damaged();
    const auto bytes = rest_.first(size);
    rest_ = rest_.subspan(size);
    return bytes;
  }
  // Of elements that take so many bytes at least.
  std::size_t count(std::size_t least) {
    const auto count = number<std::size_t>();
    if (count > rest_.size() / least) throw damaged();
    return count;
  }

  std::span<const std::byte> rest_;
};

void write(Writer& out, const TiffImage& image) {
  out.number(image.rows);
  out.number(image.cols);
  out.number(image.samples);
  out.number(image.bits);
  out.number(static_cast<std::uint8_t>(image.format));
  out.number(image.compression);
  out.number(image.predictor);
  out.number(image.photometric);
  out.number(image.fill_order);
  out.number(image.subfile_type);
  out.number(image.apart);
  out.number(image.tiled);
  out.number(image.block_rows);
  out.number(image.block_cols);
  out.numbers(image.extra_samples);
  out.raw(image.jpeg_tables);
  out.numbers(image.lerc);
  out.raw(image.blocks.packed());
}

TiffImage read_image(Reader& in, std::uint64_t file_size) {
  TiffImage image;
  image.rows = in.number<std::size_t>();
  image.cols = in.number<std::size_t>();
  image.samples = in.number<std::size_t>();
  image.bits = in.number<int>();
  const auto format = in.number<std::uint8_t>();
  if (format > static_cast<std::uint8_t>(SampleFormat::floating)) throw Reader::damaged();
  image.format = static_cast<SampleFormat>(format);
  image.compression = in.number<std::uint16_t>();
  image.predictor = in.number<std::uint16_t>();
  image.photometric = in.number<std::uint16_t>();
  image.fill_order = in.number<std::uint16_t>();
  image.subfile_type = in.number<std::uint32_t>();
  image.apart = in.number<std::uint8_t>() != 0;
  image.tiled = in.number<std::uint8_t>() != 0;
  image.block_rows = in.number<std::size_t>();
  image.block_cols = in.number<std::size_t>();
  image.extra_samples = in.numbers<std::uint16_t>();
  image.jpeg_tables = in.raw();
  image.lerc = in.numbers<std::uint32_t>();
  check_dimensions(image);
  const bool whole_strips =
      image.tiled || (image.block_cols == image.cols && image.block_rows <= image.rows);
  if (!whole_strips || (image.apart && image.samples == 1)) throw Reader::damaged();
  image.blocks = BlockTable::unpacked(in.raw(), block_count(image), file_size);
  return image;
}

void write(Writer& out, const TiffTags& tags) {
  out.numbers(tags.color_map);
  out.reals(tags.pixel_scale);
  out.reals(tags.tie_points);
  out.reals(tags.transformation);
  out.numbers(tags.geo_keys);
  out.reals(tags.geo_doubles);
  out.text(tags.geo_text);
  out.text(tags.metadata);
  out.text(tags.nodata);
}

TiffTags read_tags(Reader& in) {
  TiffTags tags;
  tags.color_map = in.numbers<std::uint16_t>();
  tags.pixel_scale = in.reals();
  tags.tie_points = in.reals();
  tags.transformation = in.reals();
  tags.geo_keys = in.numbers<std::uint16_t>();
  tags.geo_doubles = in.reals();
  tags.geo_text = in.text();
  tags.metadata = in.text();
  tags.nodata = in.text();
  return tags;
}

}  // namespace

std::vector<std::byte> packed(const TiffHeader& header) {
  Writer out;
  out.text(magic);
  out.text(header.pin);
  out.number(header.file_size);
  out.number(header.file.swapped);
  write(out, header.file.tags);
  out.number(header.file.images.size());
  for (const TiffImage& image : header.file.images) write(out, image);
  out.fixed(checksum(out.bytes));
  return std::move(out.bytes);
}

TiffHeader unpacked(std::span<const std::byte> bytes) {
  constexpr std::size_t sum = 8;
  if (bytes.size() < sum) throw Reader::damaged();
  const auto content = bytes.first(bytes.size() - sum);
  if (Reader{bytes.last(sum)}.fixed() != checksum(content)) throw Reader::damaged();
  Reader in{content};
  if (in.text() != magic)
    throw failure(ErrorKind::unsupported, "a kept TIFF header is of another version");
  TiffHeader header;
  header.pin = in.text();
  header.file_size = in.number<std::uint64_t>();
  header.file.swapped = in.number<std::uint8_t>() != 0;
  header.file.tags = read_tags(in);
  const auto images = in.number<std::size_t>();
  if (images == 0 || images > most_images) throw Reader::damaged();
  for (std::size_t i = 0; i < images; ++i)
    header.file.images.push_back(read_image(in, header.file_size));
  if (!in.at_end()) throw Reader::damaged();
  header.file.bytes = memory_of(header.file);
  return header;
}

}  // namespace terrazzo::io
