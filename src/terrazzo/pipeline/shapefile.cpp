#include "terrazzo/pipeline/shapefile.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>

#include "terrazzo/base/error.hpp"
#include "terrazzo/base/text.hpp"

namespace terrazzo::pipeline {
namespace {

constexpr std::size_t most_value_bytes = 254;
constexpr std::size_t most_name_bytes = 10;
constexpr std::size_t most_columns = 255;
constexpr std::uint32_t polygon_type = 5;
constexpr std::size_t header_bytes = 100;

// Numbers in the order of bytes that is asked for.
class Bytes {
 public:
  template <class T>
  Bytes& little(T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i)
      text_ += static_cast<char>(value >> (8 * i) & 0xff);
    return *this;
  }
  Bytes& big32(std::uint64_t value) {
    for (const int shift : {24, 16, 8, 0})
      text_ += static_cast<char>(value >> shift & 0xff);
    return *this;
  }
  Bytes& real(double value) { return little(std::bit_cast<std::uint64_t>(value)); }
  Bytes& box(const Box& box) {
    return real(box.west).real(box.south).real(box.east).real(box.north);
  }
  Bytes& text(std::string_view text, std::size_t width, char fill) {
    text_ += text;
    text_.append(width - text.size(), fill);
    return *this;
  }
  Bytes& zeros(std::size_t count) { return text("", count, '\0'); }
  Bytes& add(const std::string& bytes) {
    text_ += bytes;
    return *this;
  }
  std::size_t size() const { return text_.size(); }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

Box box_of(const Polygon& polygon) {
  constexpr double far = std::numeric_limits<double>::infinity();
  Box box{far, far, -far, -far};
  for (const Ring& ring : polygon.rings)
    for (const Point& p : ring)
      box = {std::min(box.west, p.x), std::min(box.south, p.y), std::max(box.east, p.x),
             std::max(box.north, p.y)};
  return box;
}

Box around(const std::vector<ShapeRow>& rows) {
  if (rows.empty()) return {};
  Box all = box_of(rows.front().polygon);
  for (const ShapeRow& row : rows) {
    const Box box = box_of(row.polygon);
    all = {std::min(all.west, box.west), std::min(all.south, box.south),
           std::max(all.east, box.east), std::max(all.north, box.north)};
  }
  return all;
}

double doubled_area(const Ring& ring) {
  double sum = 0;
  for (std::size_t i = 1; i < ring.size(); ++i)
    sum += ring[i - 1].x * ring[i].y - ring[i].x * ring[i - 1].y;
  return sum;
}

// The outer ring clockwise, holes the other way.
Ring turned(Ring ring, bool clockwise) {
  if ((doubled_area(ring) < 0) != clockwise) std::ranges::reverse(ring);
  return ring;
}

std::string record_of(const Polygon& polygon) {
  std::size_t points = 0;
  for (const Ring& ring : polygon.rings) points += ring.size();
  Bytes out;
  out.little(polygon_type).box(box_of(polygon));
  out.little(static_cast<std::uint32_t>(polygon.rings.size()));
  out.little(static_cast<std::uint32_t>(points));
  std::uint32_t start = 0;
  for (const Ring& ring : polygon.rings) {
    out.little(start);
    start += static_cast<std::uint32_t>(ring.size());
  }
  for (std::size_t i = 0; i < polygon.rings.size(); ++i)
    for (const Point& p : turned(polygon.rings[i], i == 0)) out.real(p.x).real(p.y);
  return out.take();
}

// Sizes and places in these files are counted in words of 16 bits.
std::string file_header(std::size_t bytes, const Box& box) {
  if (bytes > std::numeric_limits<std::int32_t>::max())
    throw failure(ErrorKind::too_large,
                  "a shapefile cannot hold so many frames; use geojson");
  Bytes out;
  out.big32(9994).zeros(20).big32(bytes / 2);
  out.little(std::uint32_t{1000}).little(polygon_type).box(box).zeros(32);
  return out.take();
}

void check_columns(const std::vector<std::string>& columns) {
  if (columns.size() > most_columns)
    throw invalid("a shapefile has at most {} columns, not {}", most_columns,
                  columns.size());
  for (const std::string& name : columns) {
    const bool is_plain = std::ranges::all_of(name, [](char c) {
      return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
             (c >= 'A' && c <= 'Z');
    });
    if (name.empty() || name.size() > most_name_bytes || !is_plain)
      throw invalid(
          "a column of a shapefile cannot be called '{}'; it has 1 to 10 letters, digits "
          "and _",
          shown(name));
  }
}

// Not within a character.
std::string_view cut(std::string_view text) {
  if (text.size() <= most_value_bytes) return text;
  std::size_t end = 0;
  while (true) {
    const auto next = end + code_point_at(text, end).bytes;
    if (next > most_value_bytes) return text.substr(0, end);
    end = next;
  }
}

std::string table_of(const std::vector<std::string>& columns,
                     const std::vector<ShapeRow>& rows) {
  constexpr std::uint16_t column_bytes = 32;
  const auto header = static_cast<std::uint16_t>(column_bytes * (columns.size() + 1) + 1);
  const auto width = static_cast<std::uint16_t>(1 + most_value_bytes * columns.size());
  Bytes out;
  // The date of the last change is one that says nothing: the same frames, the same file.
  out.little(std::uint8_t{3}).little(std::uint8_t{100});
  out.little(std::uint8_t{1}).little(std::uint8_t{1});
  out.little(static_cast<std::uint32_t>(rows.size())).little(header).little(width);
  out.zeros(20);
  for (const std::string& name : columns)
    out.text(name, 11, '\0')
        .text("C", 1, ' ')
        .zeros(4)
        .little(static_cast<std::uint8_t>(most_value_bytes))
        .zeros(15);
  out.text("\r", 1, ' ');
  for (const ShapeRow& row : rows) {
    out.text(" ", 1, ' ');
    for (const std::string& value : row.values)
      out.text(cut(value), most_value_bytes, ' ');
  }
  out.text("\x1a", 1, ' ');
  return out.take();
}

std::uint32_t crc32_of(std::string_view bytes) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> entries{};
    for (std::uint32_t i = 0; i < entries.size(); ++i) {
      entries[i] = i;
      for (int bit = 0; bit < 8; ++bit)
        entries[i] = (entries[i] >> 1U) ^ ((entries[i] & 1U) != 0 ? 0xedb88320U : 0U);
    }
    return entries;
  }();
  std::uint32_t crc = 0xffffffffU;
  for (const char c : bytes)
    crc = table[(crc ^ static_cast<unsigned char>(c)) & 0xffU] ^ (crc >> 8U);
  return ~crc;
}

// What the entry of a file and the list at the end say of it.
std::string zip_facts(const ArchivedFile& file) {
  const auto size = static_cast<std::uint32_t>(file.bytes.size());
  Bytes out;
  out.little(std::uint16_t{20}).little(std::uint16_t{1U << 11U}).little(std::uint16_t{0});
  out.little(std::uint16_t{0}).little(std::uint16_t{0x21});  // 1980-01-01
  out.little(crc32_of(file.bytes)).little(size).little(size);
  out.little(static_cast<std::uint16_t>(file.name.size())).little(std::uint16_t{0});
  return out.take();
}

}  // namespace

Shapefile shapefile_of(const std::vector<std::string>& columns,
                       const std::vector<ShapeRow>& rows) {
  check_columns(columns);
  Bytes shapes;
  Bytes index;
  std::uint64_t number = 0;
  for (const ShapeRow& row : rows) {
    const auto record = record_of(row.polygon);
    index.big32((header_bytes + shapes.size()) / 2).big32(record.size() / 2);
    shapes.big32(++number).big32(record.size() / 2).add(record);
  }
  const Box box = around(rows);
  Shapefile files;
  files.shp = file_header(header_bytes + shapes.size(), box);
  files.shp += shapes.take();
  files.shx = file_header(header_bytes + index.size(), box);
  files.shx += index.take();
  files.dbf = table_of(columns, rows);
  return files;
}

std::string zip_of(const std::vector<ArchivedFile>& files) {
  Bytes out;
  Bytes list;
  for (const ArchivedFile& file : files) {
    if (out.size() + file.bytes.size() > std::numeric_limits<std::int32_t>::max())
      throw failure(ErrorKind::too_large, "an archive cannot hold more than 2 GB");
    const auto facts = zip_facts(file);
    const auto at = static_cast<std::uint32_t>(out.size());
    out.little(std::uint32_t{0x04034b50}).add(facts).add(file.name).add(file.bytes);
    list.little(std::uint32_t{0x02014b50}).little(std::uint16_t{20}).add(facts);
    list.zeros(10).little(at).add(file.name);
  }
  const auto at = static_cast<std::uint32_t>(out.size());
  const auto size = static_cast<std::uint32_t>(list.size());
  out.add(list.take()).little(std::uint32_t{0x06054b50}).zeros(4);
  out.little(static_cast<std::uint16_t>(files.size()));
  out.little(static_cast<std::uint16_t>(files.size()));
  out.little(size).little(at).zeros(2);
  return out.take();
}

}  // namespace terrazzo::pipeline
