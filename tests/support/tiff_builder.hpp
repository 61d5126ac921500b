#pragma once
// TIFF files made field by field, right or wrong, for tests of what reads them.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace terrazzo::testing {

struct TiffShape {
  bool big_endian = false;
  bool big = false;  // BigTIFF
};

class TiffBuilder {
 public:
  using Shape = TiffShape;
  enum Type : std::uint16_t {
    byte = 1,
    ascii = 2,
    uint16 = 3,
    uint32 = 4,
    float64 = 12,
    uint64 = 16
  };
  struct Field {
    std::uint16_t tag;
    Type type;
    std::vector<double> values;
  };

  explicit TiffBuilder(Shape shape = {}) : shape_(shape) {
    text(shape_.big_endian ? "MM" : "II");
    number(shape_.big ? 43 : 42, 2);
    if (shape_.big) {
      number(8, 2);
      number(0, 2);
    }
    link_ = bytes_.size();
    number(0, word());
  }

  // Appends bytes; returns where they are.
  std::size_t data(const std::vector<std::uint8_t>& values) {
    const std::size_t at = bytes_.size();
    for (const std::uint8_t value : values) bytes_.push_back(std::byte{value});
    return at;
  }

  // Appends a directory and lets the one before lead to it; returns where it is.
  std::size_t directory(const std::vector<Field>& fields) {
    std::vector<std::size_t> places;
    for (const Field& field : fields) places.push_back(values(field));
    const std::size_t at = bytes_.size();
    put(link_, at, word());
    number(fields.size(), shape_.big ? 8 : 2);
    for (std::size_t i = 0; i < fields.size(); ++i) entry(fields[i], places[i]);
    link_ = bytes_.size();
    number(0, word());
    return at;
  }

  // Lets the last directory lead to this place.
  void lead_to(std::size_t position) { put(link_, position, word()); }

  // A grey image of rows x cols bytes in one strip, with these fields added or replaced.
  std::size_t image(std::size_t rows, std::size_t cols, std::vector<Field> fields = {}) {
    const std::size_t at = data(std::vector<std::uint8_t>(rows * cols, 7));
    const auto d = [](std::size_t n) { return std::vector{static_cast<double>(n)}; };
    std::vector<Field> all{
        {256, uint32, d(cols)}, {257, uint32, d(rows)}, {258, uint16, {8}},
        {259, uint16, {1}},     {262, uint16, {1}},     {273, uint32, d(at)},
        {277, uint16, {1}},     {278, uint32, d(rows)}, {279, uint32, d(rows * cols)}};
    for (Field& field : fields) {
      std::erase_if(all, [&](const Field& other) { return other.tag == field.tag; });
      if (!field.values.empty()) all.push_back(std::move(field));
    }
    return directory(all);
  }

  const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  std::size_t word() const { return shape_.big ? 8 : 4; }
  static std::size_t size_of(Type type) {
    switch (type) {
      case byte:
      case ascii:
        return 1;
      case uint16:
        return 2;
      case uint32:
        return 4;
      default:
        return 8;
    }
  }

  void text(const std::string& letters) {
    for (const char letter : letters) bytes_.push_back(static_cast<std::byte>(letter));
  }

  void number(std::uint64_t value, std::size_t size) {
    bytes_.resize(bytes_.size() + size);
    put(bytes_.size() - size, value, size);
  }

  void put(std::size_t at, std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t shift = 8 * (shape_.big_endian ? size - 1 - i : i);
      bytes_[at + i] = static_cast<std::byte>(value >> shift);
    }
  }

  void element(Type type, double value) {
    number(type == float64 ? std::bit_cast<std::uint64_t>(value)
                           : static_cast<std::uint64_t>(value),
           size_of(type));
  }

  // Values that do not fit into an entry go before the directory.
  std::size_t values(const Field& field) {
    const std::size_t at = bytes_.size();
    if (field.values.size() * size_of(field.type) > word())
      for (const double value : field.values) element(field.type, value);
    return at;
  }

  void entry(const Field& field, std::size_t place) {
    number(field.tag, 2);
    number(field.type, 2);
    number(field.values.size(), word());
    const std::size_t end = bytes_.size() + word();
    if (field.values.size() * size_of(field.type) > word())
      number(place, word());
    else
      for (const double value : field.values) element(field.type, value);
    bytes_.resize(end);
  }

  Shape shape_;
  std::vector<std::byte> bytes_;
  std::size_t link_ = 0;  // where the place of the next directory is written
};

}  // namespace terrazzo::testing
