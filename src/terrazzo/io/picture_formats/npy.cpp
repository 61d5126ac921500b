// Format version 1.0 of numpy.lib.format.
#include <bit>

#include "terrazzo/io/picture_format.hpp"

namespace terrazzo::io {
namespace {

static_assert(std::endian::native == std::endian::little);

// "<u2", as numpy says it.
std::string description_of(ElementType type) {
  const std::size_t size = size_of(type);
  const std::string_view name = name_of(type);
  const char letter = name.front();  // u, i or f
  return fmt::format("{}{}{}", size == 1 ? '|' : '<', letter, size);
}

std::string header_of(ElementType type, std::size_t planes, std::size_t rows,
                      std::size_t cols) {
  constexpr std::size_t alignment = 64;
  constexpr std::size_t before = 10;  // magic, version, length
  std::string dict =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}, {}, {}), }}",
                  description_of(type), planes, rows, cols);
  const std::size_t whole = (before + dict.size() + alignment) / alignment * alignment;
  dict.append(whole - before - dict.size() - 1, ' ');
  dict += '\n';
  std::string out("\x93NUMPY\x01\x00", 8);
  out += static_cast<char>(dict.size() & 0xff);
  out += static_cast<char>(dict.size() >> 8);
  return out + dict;
}

// The numbers of a band as To, 0 where it has none.
template <class To>
void append_band(std::string& out, const Image& band) {
  std::vector<To> plane(band.pixels());
  with_type(band.type(), [&]<class From>(From) {
    const auto from = band.values<From>();
    const auto valid = band.valid();
    for (std::size_t i = 0; i < plane.size(); ++i)
      plane[i] = valid[i] != 0 ? static_cast<To>(from[i]) : To{0};
  });
  out.append(reinterpret_cast<const char*>(plane.data()), plane.size() * sizeof(To));
}

// 255 where every band has a number, else 0.
template <class To>
void append_mask(std::string& out, std::span<const Image* const> bands) {
  std::vector<To> plane(bands.front()->pixels(), static_cast<To>(255));
  for (const Image* band : bands)
    for (std::size_t i = 0; i < plane.size(); ++i)
      if (band->valid()[i] == 0) plane[i] = To{0};
  out.append(reinterpret_cast<const char*>(plane.data()), plane.size() * sizeof(To));
}

std::string write(const Values& values) {
  const Image& first = *values.bands.front();
  ElementType type = common_type(values.bands);
  if (type == ElementType::int8) type = ElementType::int16;  // has no 255
  std::string out = header_of(type, values.bands.size() + 1, first.rows(), first.cols());
  with_type(type, [&]<class To>(To) {
    for (const Image* band : values.bands) append_band<To>(out, *band);
    append_mask<To>(out, values.bands);
  });
  return out;
}

}  // namespace

extern const PictureFormat picture_format_npy;
const PictureFormat picture_format_npy{
    .name = "npy",
    .aliases = {},
    .type = "application/x-binary",
    .summary =
        "Values as they are, an array of numpy: the bands, then 255 where all of "
        "them are valid.",
    .write = write};

}  // namespace terrazzo::io
