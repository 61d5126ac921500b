#include "terrazzo/io/tiff_directory.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace terrazzo::io {
namespace {

constexpr std::uint64_t most_taken = std::uint64_t{256} << 20U;
constexpr std::uint64_t most_fields = 4096;  // as libtiff
constexpr std::size_t read_ahead = std::size_t{32} << 10U;

// TIFF's element types that are read as integers or reals.
enum Type : std::uint16_t {
  byte = 1,
  ascii = 2,
  uint16 = 3,
  uint32 = 4,
  rational = 5,
  int8 = 6,
  undefined = 7,
  int16 = 8,
  int32 = 9,
  signed_rational = 10,
  float32 = 11,
  float64 = 12,
  directory32 = 13,
  uint64 = 16,
  int64 = 17,
  directory64 = 18,
};

bool is_unsigned(std::uint16_t type) {
  switch (type) {
    case byte:
    case uint16:
    case uint32:
    case directory32:
    case uint64:
    case directory64:
      return true;
    default:
      return false;
  }
}

Error not_in_file(std::uint64_t position, std::uint64_t size, std::uint64_t file_size) {
  return failure(ErrorKind::corrupt_data,
                 "the TIFF says that {} bytes are at position {}, but the file has {} "
                 "bytes: it is truncated or damaged",
                 size, position, file_size);
}

template <class T>
double real_at(const std::byte* at, bool swapped) {
  std::array<std::byte, sizeof(T)> bytes;
  std::copy_n(at, sizeof(T), bytes.begin());
  if (swapped) std::reverse(bytes.begin(), bytes.end());
  return static_cast<double>(std::bit_cast<T>(bytes));
}

double real_of(std::uint16_t type, const std::byte* at, bool swapped) {
  switch (type) {
    case byte:
      return real_at<std::uint8_t>(at, swapped);
    case int8:
      return real_at<std::int8_t>(at, swapped);
    case uint16:
      return real_at<std::uint16_t>(at, swapped);
    case int16:
      return real_at<std::int16_t>(at, swapped);
    case uint32:
      return real_at<std::uint32_t>(at, swapped);
    case int32:
      return real_at<std::int32_t>(at, swapped);
    case uint64:
      return real_at<std::uint64_t>(at, swapped);
    case int64:
      return real_at<std::int64_t>(at, swapped);
    case float32:
      return real_at<float>(at, swapped);
    case float64:
      return real_at<double>(at, swapped);
    case rational:
      return real_at<std::uint32_t>(at, swapped) /
             real_at<std::uint32_t>(at + 4, swapped);
    case signed_rational:
      return real_at<std::int32_t>(at, swapped) / real_at<std::int32_t>(at + 4, swapped);
    default:
      throw failure(ErrorKind::corrupt_data,
                    "the TIFF has elements of type {} where numbers are expected", type);
  }
}

}  // namespace

std::size_t tiff_type_size(std::uint16_t type) noexcept {
  constexpr std::array<std::size_t, 19> sizes{0, 1, 1, 2, 4, 8, 1, 1, 2, 4,
                                              8, 4, 8, 4, 0, 0, 8, 8, 8};
  return type < sizes.size() ? sizes[type] : 0;
}

TiffCursor::TiffCursor(const ByteSource& source, const Context& context)
    : source_(source), context_(context) {
  std::array<std::byte, 16> head{};
  const std::size_t size = std::min<std::uint64_t>(head.size(), source.size());
  fetch(0, std::span{head}.first(size));
  const auto is = [&](std::string_view text) {
    return std::memcmp(head.data(), text.data(), text.size()) == 0;
  };
  const bool little = is("II");
  if (size < 8 || !(little || is("MM")))
    throw failure(ErrorKind::corrupt_data,
                  "this is not a TIFF: it begins with neither 'II' nor 'MM'");
  swapped_ = little != (std::endian::native == std::endian::little);
  const std::uint64_t version = number(std::span{head}.subspan(2, 2));
  big_ = version == 43;
  if (version != 42 && !big_)
    throw failure(ErrorKind::corrupt_data,
                  "this is not a TIFF: its version is {}; 42 and 43 (BigTIFF) are known",
                  version);
  if (!big_) {
    first_ = number(std::span{head}.subspan(4, 4));
    return;
  }
  if (size < 16 || number(std::span{head}.subspan(4, 2)) != 8)
    throw failure(ErrorKind::corrupt_data, "the header of this BigTIFF is damaged");
  first_ = number(std::span{head}.subspan(8, 8));
}

std::uint64_t TiffCursor::number(std::span<const std::byte> bytes) const {
  std::uint64_t value = 0;
  const bool little = (std::endian::native == std::endian::little) != swapped_;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::size_t at = little ? bytes.size() - 1 - i : i;
    value = value << 8U | static_cast<std::uint64_t>(bytes[at]);
  }
  return value;
}

void TiffCursor::charge(std::uint64_t bytes) {
  taken_ += bytes;
  if (taken_ > most_taken)
    throw failure(ErrorKind::too_large,
                  "the directories of this TIFF take more than {} MiB",
                  most_taken >> 20U);
}

void TiffCursor::fetch(std::uint64_t position, std::span<std::byte> to) {
  const std::uint64_t size = source_.size();
  if (position > size || to.size() > size - position)
    throw not_in_file(position, to.size(), size);
  charge(to.size());
  const std::span<const std::byte> head = source_.head();
  if (position + to.size() <= head.size()) {
    std::copy_n(head.begin() + static_cast<std::ptrdiff_t>(position), to.size(),
                to.begin());
  } else {
    fetch_ahead(position, to);
  }
}

// Directories and their arrays stand together, so what is read once brings its
// neighbours.
void TiffCursor::fetch_ahead(std::uint64_t position, std::span<std::byte> to) {
  const bool held =
      position >= ahead_at_ && position + to.size() <= ahead_at_ + ahead_.size();
  if (!held) {
    const std::uint64_t rest = source_.size() - position;
    ahead_.resize(std::min<std::uint64_t>(std::max(to.size(), read_ahead), rest));
    ahead_at_ = position;
    charge(ahead_.size() - to.size());
    const Piece piece{position, ahead_};
    source_.read({&piece, 1}, context_);
  }
  const auto from = ahead_.begin() + static_cast<std::ptrdiff_t>(position - ahead_at_);
  std::copy_n(from, to.size(), to.begin());
}

TiffField TiffCursor::field_at(std::span<const std::byte> entry,
                               std::uint64_t position) const {
  const std::size_t word = big_ ? 8 : 4;
  TiffField field;
  field.type = static_cast<std::uint16_t>(number(entry.subspan(2, 2)));
  field.count = number(entry.subspan(4, word));
  const std::size_t size = tiff_type_size(field.type);
  const bool fits = size == 0 || field.count <= word / size;
  field.position = fits ? position + 4 + word : number(entry.subspan(4 + word, word));
  return field;
}

TiffDirectory TiffCursor::directory(std::uint64_t position) {
  context_.check();
  if (!seen_.insert(position).second)
    throw failure(ErrorKind::corrupt_data,
                  "the directories of this TIFF go in a circle: the one at position {} "
                  "comes again",
                  position);
  std::array<std::byte, 8> number_bytes{};
  const auto counted = std::span{number_bytes}.first(big_ ? 8 : 2);
  fetch(position, counted);
  const std::uint64_t count = number(counted);
  if (count == 0 || count > most_fields)
    throw failure(ErrorKind::corrupt_data,
                  "a directory of this TIFF has {} fields; 1 to {} are possible", count,
                  most_fields);
  const std::size_t entry_size = big_ ? 20 : 12;
  const std::size_t word = big_ ? 8 : 4;
  const std::uint64_t start = position + counted.size();
  std::vector<std::byte> entries(count * entry_size + word);
  fetch(start, entries);

  TiffDirectory directory;
  for (std::size_t i = 0; i < count; ++i) {
    const auto entry = std::span{entries}.subspan(i * entry_size, entry_size);
    const auto tag = static_cast<std::uint16_t>(number(entry.first(2)));
    directory.fields.emplace(tag, field_at(entry, start + i * entry_size));
  }
  directory.next = number(std::span{entries}.last(word));
  return directory;
}

std::vector<std::byte> TiffCursor::raw(const TiffField& field, std::uint64_t most) {
  const std::uint64_t size = tiff_type_size(field.type);
  const std::uint64_t count = std::min(field.count, most);
  if (count > source_.size() / std::max<std::uint64_t>(size, 1))
    throw not_in_file(field.position, field.count, source_.size());
  std::vector<std::byte> bytes(count * size);
  fetch(field.position, bytes);
  return bytes;
}

std::vector<std::uint64_t> TiffCursor::integers(const TiffDirectory& directory,
                                                std::uint16_t tag, std::uint64_t most) {
  const auto found = directory.fields.find(tag);
  if (found == directory.fields.end()) return {};
  const TiffField& field = found->second;
  if (!is_unsigned(field.type))
    throw failure(ErrorKind::corrupt_data,
                  "tag {} of this TIFF has the type {}; whole numbers are expected", tag,
                  field.type);
  const std::vector<std::byte> bytes = raw(field, most);
  const std::size_t size = tiff_type_size(field.type);
  charge(bytes.size() / size * (sizeof(std::uint64_t) - size));
  std::vector<std::uint64_t> values(bytes.size() / size);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = number(std::span{bytes}.subspan(i * size, size));
  return values;
}

std::uint64_t TiffCursor::integer(const TiffDirectory& directory, std::uint16_t tag,
                                  std::uint64_t otherwise) {
  const std::vector<std::uint64_t> values = integers(directory, tag, 1);
  return values.empty() ? otherwise : values.front();
}

std::vector<double> TiffCursor::reals(const TiffDirectory& directory, std::uint16_t tag) {
  const auto found = directory.fields.find(tag);
  if (found == directory.fields.end()) return {};
  const TiffField& field = found->second;
  const std::vector<std::byte> bytes = raw(field, field.count);
  const std::size_t size = std::max<std::size_t>(tiff_type_size(field.type), 1);
  charge(bytes.size() / size * (sizeof(double) - size));
  std::vector<double> values(bytes.size() / size);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = real_of(field.type, bytes.data() + i * size, swapped_);
  return values;
}

std::vector<std::byte> TiffCursor::bytes(const TiffDirectory& directory,
                                         std::uint16_t tag) {
  const auto found = directory.fields.find(tag);
  if (found == directory.fields.end()) return {};
  return raw(found->second, found->second.count);
}

std::string TiffCursor::text(const TiffDirectory& directory, std::uint16_t tag) {
  const std::vector<std::byte> bytes = this->bytes(directory, tag);
  const auto* first = reinterpret_cast<const char*>(bytes.data());
  const std::string_view all{first, bytes.size()};
  return std::string{all.substr(0, all.find('\0'))};
}

}  // namespace terrazzo::io
