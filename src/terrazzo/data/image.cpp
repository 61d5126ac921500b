#include "terrazzo/data/image.hpp"

#include "terrazzo/base/error.hpp"

namespace terrazzo {
namespace {

constexpr std::size_t most_bytes = std::size_t{1} << 40;

std::size_t checked_bytes(ElementType type, std::size_t bands, std::size_t rows,
                          std::size_t cols) {
  std::size_t bytes = size_of(type);
  for (const std::size_t factor : {bands, rows, cols}) {
    if (factor != 0 && bytes > most_bytes / factor)
      throw failure(ErrorKind::too_large,
                    "an image of {} x {} x {} {} values is too large", bands, rows, cols,
                    name_of(type));
    bytes *= factor;
  }
  return bytes;
}

}  // namespace

std::size_t size_of(ElementType type) noexcept {
  return with_type(type, [](auto value) { return sizeof(value); });
}

std::string_view name_of(ElementType type) noexcept {
  switch (type) {
    case ElementType::uint8:
      return "uint8";
    case ElementType::int8:
      return "int8";
    case ElementType::uint16:
      return "uint16";
    case ElementType::int16:
      return "int16";
    case ElementType::uint32:
      return "uint32";
    case ElementType::int32:
      return "int32";
    case ElementType::uint64:
      return "uint64";
    case ElementType::int64:
      return "int64";
    case ElementType::float32:
      return "float32";
    case ElementType::float64:
      break;
  }
  return "float64";
}

Image::Image(ElementType type, std::size_t bands, std::size_t rows, std::size_t cols)
    : type_(type),
      bands_(bands),
      rows_(rows),
      cols_(cols),
      bytes_(checked_bytes(type, bands, rows, cols)),
      valid_(rows * cols, 1) {}

}  // namespace terrazzo
