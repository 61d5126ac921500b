#include "terrazzo/raster/colormap.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

#include "terrazzo/base/error.hpp"
#include "terrazzo/raster/built_in_colormaps.hpp"
#include "terrazzo/raster/stretch.hpp"

namespace terrazzo::raster {
namespace {

constexpr std::size_t most_legend_values = std::size_t{1} << 20;

Color color_of(std::uint32_t rgba) {
  const auto byte = [rgba](int shift) {
    return static_cast<std::uint8_t>(rgba >> shift);
  };
  return {byte(24), byte(16), byte(8), byte(0)};
}

Error not_npy(std::string_view why) {
  return failure(ErrorKind::corrupt_data,
                 "not a colour map: {}; a .npy file with 255 rows of 4 bytes is", why);
}

// The header of a .npy file is a Python dict of literals, like
// {'descr': '|u1', 'fortran_order': False, 'shape': (255, 4), }
class NpyHeader {
 public:
  explicit NpyHeader(std::string_view text) : rest_(text) {
    expect('{');
    while (!accept('}')) {
      const std::string_view key = quoted();
      expect(':');
      if (key == "descr")
        descr = quoted();
      else if (key == "fortran_order")
        fortran_order = boolean();
      else if (key == "shape")
        shape = tuple();
      else
        throw not_npy("its header has an unknown key");
      if (accept(',')) continue;
      expect('}');
      break;
    }
    skip_blanks();
    if (!rest_.empty()) throw not_npy("its header goes on after the dict");
  }

  std::string_view descr;
  std::optional<bool> fortran_order;
  std::vector<std::size_t> shape;

 private:
  void skip_blanks() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
  }
  bool accept(char wanted) {
    skip_blanks();
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char wanted) {
    if (!accept(wanted)) throw not_npy("its header is not a dict");
  }
  std::string_view quoted() {
    skip_blanks();
    const char quote = rest_.empty() ? '\0' : rest_.front();
    if (quote != '\'' && quote != '"') throw not_npy("its header is not a dict");
    const std::size_t end = rest_.find(quote, 1);
    if (end == std::string_view::npos) throw not_npy("its header ends in a string");
    return std::exchange(rest_, rest_.substr(end + 1)).substr(1, end - 1);
  }
  bool boolean() {
    skip_blanks();
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (!rest_.starts_with(word)) continue;
      rest_.remove_prefix(word.size());
      return value;
    }
    throw not_npy("fortran_order is not True or False");
  }
  std::vector<std::size_t> tuple() {
    std::vector<std::size_t> numbers;
    expect('(');
    while (!accept(')')) {
      skip_blanks();
      std::size_t number = 0;
      const char* end = rest_.data() + rest_.size();
      const auto [after, error] = std::from_chars(rest_.data(), end, number);
      if (error != std::errc()) throw not_npy("its shape is not a tuple of integers");
      rest_ = {after, end};
      numbers.push_back(number);
      if (accept(',')) continue;
      expect(')');
      break;
    }
    return numbers;
  }

  std::string_view rest_;
};

// Cuts the header off the bytes, which keep the values.
NpyHeader read_npy_header(std::string_view& bytes) {
  if (!bytes.starts_with("\x93NUMPY") || bytes.size() < 12)
    throw not_npy("it does not begin as .npy");
  const auto byte = [&](std::size_t i) -> std::size_t {
    return static_cast<unsigned char>(bytes[i]);
  };
  const std::size_t version = byte(6);
  if (version < 1 || version > 3) throw not_npy("its version of .npy is unknown");
  std::size_t begin = 10;
  std::size_t length = byte(8) | byte(9) << 8;
  if (version >= 2) {
    begin = 12;
    length |= byte(10) << 16 | byte(11) << 24;
  }
  if (length > bytes.size() - begin) throw not_npy("its header is cut off");
  const NpyHeader header(bytes.substr(begin, length));
  bytes.remove_prefix(begin + length);
  return header;
}

}  // namespace

Colormaps::Colormaps() {
  for (const BuiltInColormap& map : built_in_colormaps()) {
    ColorTable table;
    std::transform(map.colors.begin(), map.colors.end(), table.begin(), color_of);
    add(std::string(map.name), table);
  }
}

void Colormaps::add(std::string name, const ColorTable& table) {
  tables_.insert_or_assign(std::move(name), table);
}

const ColorTable* Colormaps::find(std::string_view name) const {
  const auto found = tables_.find(name);
  return found == tables_.end() ? nullptr : &found->second;
}

std::vector<std::string> Colormaps::names() const {
  std::vector<std::string> names;
  names.reserve(tables_.size());
  for (const auto& [name, table] : tables_) names.push_back(name);
  return names;
}

ColorTable color_table_from_npy(std::string_view bytes) {
  const NpyHeader header = read_npy_header(bytes);
  const std::string_view type = header.descr.substr(
      std::min(header.descr.find_first_not_of("|<>="), header.descr.size()));
  if (type != "u1") throw not_npy("its values are not uint8");
  if (header.shape != std::vector<std::size_t>{255, 4})
    throw not_npy("its shape is not (255, 4)");
  if (!header.fortran_order.has_value() || *header.fortran_order)
    throw not_npy("its values are not in C order");
  ColorTable table;
  static_assert(sizeof(Color) == 4);
  if (bytes.size() != sizeof(table)) throw not_npy("it does not hold 1020 values");
  std::memcpy(table.data(), bytes.data(), sizeof(table));
  return table;
}

ColorTable grey_table() {
  ColorTable table;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const auto grey = static_cast<std::uint8_t>(i + 1);
    table[i] = {grey, grey, grey, 255};
  }
  return table;
}

std::vector<LegendEntry> legend(double low, double high, std::size_t count,
                                const ColorTable& table) {
  if (count > most_legend_values)
    throw failure(ErrorKind::too_large,
                  "a legend of {} values is too long; up to {} are fine", count,
                  most_legend_values);
  std::vector<LegendEntry> entries(count);
  const double width = high - low;
  const double steps = count > 1 ? static_cast<double>(count - 1) : 1.0;
  const double step = width / steps;
  for (std::size_t i = 0; i < count; ++i) {
    const auto place = static_cast<double>(i);
    // as linspace() of numpy: a step that underflows is not used
    double value = (step == 0 ? place / steps * width : place * step) + low;
    if (i > 0 && i + 1 == count) value = high;
    const std::uint8_t byte = stretch_once(value, {low, high});
    entries[i] = {value, byte == 0 ? Color{0, 0, 0, 0} : table[byte - 1u]};
  }
  return entries;
}

}  // namespace terrazzo::raster
