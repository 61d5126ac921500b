#pragma once
// The fields of a TIFF's directories, before anybody knows what they mean.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "terrazzo/io/byte_source.hpp"

namespace terrazzo::io {

struct TiffField {
  std::uint16_t type = 0;      // TIFF's number of the element type
  std::uint64_t count = 0;     // of elements
  std::uint64_t position = 0;  // of the first element in the file
};

struct TiffDirectory {
  std::map<std::uint16_t, TiffField> fields{};  // by tag; the first of equal ones
  std::uint64_t next = 0;                       // position of the next one; 0: none
};

// Reads pieces of the front matter of a TIFF file, in either byte order. Positions and
// counts may be any number a stranger wrote; one thread.
class TiffCursor {
 public:
  // Throws corrupt_data: the file does not begin as a TIFF does.
  TiffCursor(const ByteSource& source, const Context& context);

  bool swapped() const noexcept { return swapped_; }
  std::uint64_t first_directory() const noexcept { return first_; }

  // Throws corrupt_data: it does not lie in the file, or was read before: a cycle.
  TiffDirectory directory(std::uint64_t position);

  // Values of a field; empty: the directory has no such field. At most `most` are read.
  // Throws corrupt_data: they do not lie in the file, or are of a type that is not a
  //        number (text). too_large: the directories of this file pass 256 MiB.
  std::vector<std::uint64_t> integers(const TiffDirectory& directory, std::uint16_t tag,
                                      std::uint64_t most);
  std::vector<double> reals(const TiffDirectory& directory, std::uint16_t tag);
  std::vector<std::byte> bytes(const TiffDirectory& directory, std::uint16_t tag);
  std::string text(const TiffDirectory& directory, std::uint16_t tag);  // up to its NUL

  // The first integer of the field, or `otherwise`.
  std::uint64_t integer(const TiffDirectory& directory, std::uint16_t tag,
                        std::uint64_t otherwise);

 private:
  std::vector<std::byte> raw(const TiffField& field, std::uint64_t most);
  void charge(std::uint64_t bytes);
  void fetch(std::uint64_t position, std::span<std::byte> to);
  void fetch_ahead(std::uint64_t position, std::span<std::byte> to);
  std::uint64_t number(std::span<const std::byte> bytes) const;
  TiffField field_at(std::span<const std::byte> entry, std::uint64_t position) const;

  const ByteSource& source_;
  const Context& context_;
  bool swapped_ = false;
  bool big_ = false;  // BigTIFF
  std::uint64_t first_ = 0;
  std::uint64_t taken_ = 0;  // bytes read and made of them in all
  std::unordered_set<std::uint64_t> seen_{};
  std::vector<std::byte> ahead_{};  // bytes of the file from ahead_at_ on
  std::uint64_t ahead_at_ = 0;
};

// Bytes of one element; 0: no such type.
std::size_t tiff_type_size(std::uint16_t type) noexcept;

}  // namespace terrazzo::io
