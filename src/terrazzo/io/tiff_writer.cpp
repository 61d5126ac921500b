#include "terrazzo/io/tiff_writer.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "terrazzo/base/error.hpp"
#include "terrazzo/io/tiff_tags.hpp"

namespace terrazzo::io {
namespace {

static_assert(std::endian::native == std::endian::little);

enum Type : std::uint16_t {
  ascii_type = 2,
  short_type = 3,
  long_type = 4,
  rational_type = 5,
  undefined_type = 7,
  double_type = 12,
  long8_type = 16,
};

template <class T>
void append(std::vector<std::byte>& to, T value) {
  const auto* from = reinterpret_cast<const std::byte*>(&value);
  to.insert(to.end(), from, from + sizeof value);
}

template <class T>
TiffEntry entry_of(Type type, std::span<const T> values) {
  const auto bytes = std::as_bytes(values);
  return {type, values.size(), {bytes.begin(), bytes.end()}};
}

std::uint16_t format_of(ElementType type) {
  return with_type(type, []<class T>(T) -> std::uint16_t {
    if constexpr (std::is_floating_point_v<T>) return 3;
    return std::is_signed_v<T> ? 2 : 1;
  });
}

bool is_block_array(std::uint16_t tag) {
  return tag == tag::strip_offsets || tag == tag::strip_byte_counts ||
         tag == tag::tile_offsets || tag == tag::tile_byte_counts;
}

// Writes directories and values into one growing array of bytes.
class FrontWriter {
 public:
  explicit FrontWriter(bool big) : big_(big) {}

  void header(std::string_view ghost) {
    append(bytes_, std::uint16_t{0x4949});
    append(bytes_, static_cast<std::uint16_t>(big_ ? 43 : 42));
    if (big_) append(bytes_, std::uint32_t{8});
    link_ = bytes_.size();
    word(0);
    const auto* text = reinterpret_cast<const std::byte*>(ghost.data());
    bytes_.insert(bytes_.end(), text, text + ghost.size());
  }

  void directory(const TiffEntries& entries) {
    align();
    patch(link_, bytes_.size());
    if (big_)
      append(bytes_, std::uint64_t{entries.all().size()});
    else
      append(bytes_, static_cast<std::uint16_t>(entries.all().size()));
    std::vector<Later> later;
    for (const auto& [tag, entry] : entries.all()) field(tag, entry, later);
    link_ = bytes_.size();
    word(0);
    // Readers that fetch the first bytes only shall get as many tags as possible.
    std::ranges::stable_partition(
        later, [](const Later& value) { return !is_block_array(value.tag); });
    for (const Later& value : later) {
      align();
      patch(value.place, bytes_.size());
      bytes_.insert(bytes_.end(), value.entry->values.begin(), value.entry->values.end());
    }
  }

  std::vector<std::byte> taken() {
    align();
    return std::move(bytes_);
  }

 private:
  struct Later {  // values that do not fit their field
    std::uint16_t tag;
    std::size_t place;
    const TiffEntry* entry;
  };

  std::size_t word_size() const { return big_ ? 8 : 4; }
  void word(std::uint64_t value) {
    if (big_)
      append(bytes_, value);
    else
      append(bytes_, static_cast<std::uint32_t>(value));
  }
  void patch(std::size_t place, std::uint64_t value) {
    std::memcpy(&bytes_[place], &value, word_size());
  }
  void align() {
    if (bytes_.size() % 2 != 0) bytes_.push_back(std::byte{0});
  }

  void field(std::uint16_t tag, const TiffEntry& entry, std::vector<Later>& later) {
    append(bytes_, tag);
    append(bytes_, entry.type);
    word(entry.count);
    const std::size_t place = bytes_.size();
    word(0);
    if (entry.values.size() <= word_size())
      std::ranges::copy(entry.values,
                        bytes_.begin() + static_cast<std::ptrdiff_t>(place));
    else
      later.push_back({tag, place, &entry});
  }

  bool big_;
  std::size_t link_ = 0;  // where the position of the next directory goes
  std::vector<std::byte> bytes_;
};

}  // namespace

void TiffEntries::bytes(std::uint16_t tag, std::span<const std::byte> values) {
  put(tag, entry_of(undefined_type, values));
}

void TiffEntries::text(std::uint16_t tag, std::string_view value) {
  TiffEntry entry = entry_of(ascii_type, std::span<const char>{value});
  entry.values.push_back(std::byte{0});
  ++entry.count;
  put(tag, std::move(entry));
}

void TiffEntries::number(std::uint16_t tag, std::uint32_t value) {
  const auto small = static_cast<std::uint16_t>(value);
  if (small == value)
    shorts(tag, {&small, 1});
  else
    longs(tag, {&value, 1});
}

void TiffEntries::shorts(std::uint16_t tag, std::span<const std::uint16_t> values) {
  put(tag, entry_of(short_type, values));
}

void TiffEntries::longs(std::uint16_t tag, std::span<const std::uint32_t> values) {
  put(tag, entry_of(long_type, values));
}

void TiffEntries::offsets(std::uint16_t tag, std::span<const std::uint64_t> values,
                          bool big) {
  if (big) return put(tag, entry_of(long8_type, values));
  std::vector<std::uint32_t> narrow(values.size());
  std::ranges::transform(values, narrow.begin(), [](std::uint64_t value) {
    return static_cast<std::uint32_t>(value);
  });
  longs(tag, narrow);
}

void TiffEntries::rationals(std::uint16_t tag, std::span<const std::uint32_t> values) {
  std::vector<std::uint32_t> parts;
  for (const std::uint32_t value : values) parts.insert(parts.end(), {value, 1});
  TiffEntry entry = entry_of(rational_type, std::span<const std::uint32_t>{parts});
  entry.count = values.size();
  put(tag, std::move(entry));
}

void TiffEntries::doubles(std::uint16_t tag, std::span<const double> values) {
  put(tag, entry_of(double_type, values));
}

void TiffEntries::add(const TiffEntries& others) {
  for (const auto& [tag, entry] : others.entries_) entries_[tag] = entry;
}

TiffEntries layout_entries(const TiffLayout& layout) {
  TiffEntries entries;
  if (layout.subfile_type != 0) {
    const std::uint32_t type = layout.subfile_type;
    entries.longs(tag::new_subfile_type, {&type, 1});
  }
  entries.number(tag::image_width, static_cast<std::uint32_t>(layout.cols));
  entries.number(tag::image_length, static_cast<std::uint32_t>(layout.rows));
  const auto bits =
      layout.bits != 0 ? layout.bits : static_cast<int>(size_of(layout.type) * 8);
  const std::vector<std::uint16_t> each_bits(layout.samples,
                                             static_cast<std::uint16_t>(bits));
  const std::vector<std::uint16_t> each_format(layout.samples, format_of(layout.type));
  entries.shorts(tag::bits_per_sample, each_bits);
  entries.number(tag::compression, layout.compression);
  entries.number(tag::photometric, layout.photometric);
  entries.number(tag::samples_per_pixel, static_cast<std::uint32_t>(layout.samples));
  entries.number(tag::planar_configuration, 1);
  if (layout.predictor != 1) entries.number(tag::predictor, layout.predictor);
  if (!layout.extra_samples.empty())
    entries.shorts(tag::extra_samples, layout.extra_samples);
  entries.shorts(tag::sample_format, each_format);
  if (layout.block_cols != 0) {
    entries.number(tag::tile_width, static_cast<std::uint32_t>(layout.block_cols));
    entries.number(tag::tile_length, static_cast<std::uint32_t>(layout.block_rows));
  } else {
    entries.number(tag::rows_per_strip, static_cast<std::uint32_t>(layout.block_rows));
  }
  return entries;
}

TiffEntries geo_entries(const Affine& affine, const std::optional<Crs>& crs) {
  TiffEntries entries;
  if (affine.is_north_up() && affine.e < 0) {
    entries.doubles(tag::model_pixel_scale, std::array{affine.a, -affine.e, 0.0});
    entries.doubles(tag::model_tie_point,
                    std::array{0.0, 0.0, 0.0, affine.c, affine.f, 0.0});
  } else {
    entries.doubles(tag::model_transformation,
                    std::array{affine.a, affine.b, 0.0, affine.c, affine.d, affine.e, 0.0,
                               affine.f, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0});
  }
  const auto code = crs ? crs->epsg_code() : std::nullopt;
  if (!code || *code > std::numeric_limits<std::uint16_t>::max()) return entries;
  const bool geographic = crs->is_geographic();
  const auto epsg = static_cast<std::uint16_t>(*code);
  const auto model = static_cast<std::uint16_t>(geographic ? 2 : 1);
  const auto system = static_cast<std::uint16_t>(geographic ? 2048 : 3072);
  // Version, then for each key: number, 0 for a value in place, count, value.
  entries.shorts(tag::geo_key_directory,
                 std::array<std::uint16_t, 16>{1, 1, 0, 3, 1024, 0, 1, model,  //
                                               1025, 0, 1, 1, system, 0, 1, epsg});
  return entries;
}

std::string nodata_text(double nodata) {
  if (std::isnan(nodata)) return "nan";
  return fmt::format("{}", nodata);
}

std::vector<std::byte> tiff_front(std::span<const TiffEntries> directories,
                                  std::string_view ghost, bool big) {
  FrontWriter writer{big};
  writer.header(ghost);
  for (const TiffEntries& entries : directories) writer.directory(entries);
  return writer.taken();
}

std::vector<std::byte> tiff_bytes(TiffEntries entries,
                                  std::span<const std::vector<std::byte>> blocks) {
  const bool tiled = entries.all().contains(tag::tile_width);
  std::vector<std::uint64_t> offsets(blocks.size());
  std::vector<std::uint32_t> sizes(blocks.size());
  const auto place = [&] {
    entries.offsets(tiled ? tag::tile_offsets : tag::strip_offsets, offsets, false);
    entries.longs(tiled ? tag::tile_byte_counts : tag::strip_byte_counts, sizes);
    return tiff_front({&entries, 1});
  };
  std::uint64_t end = place().size();
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    offsets[i] = end;
    sizes[i] = static_cast<std::uint32_t>(blocks[i].size());
    end += blocks[i].size();
  }
  if (end > std::numeric_limits<std::uint32_t>::max())
    throw failure(ErrorKind::too_large,
                  "a TIFF of {} bytes in memory; 4 GiB are possible", end);
  std::vector<std::byte> file = place();
  file.reserve(end);
  for (const auto& block : blocks) file.insert(file.end(), block.begin(), block.end());
  return file;
}

}  // namespace terrazzo::io
