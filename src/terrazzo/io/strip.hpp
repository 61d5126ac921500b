#pragma once
// An image as rows from top to bottom: what makers of files read.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "terrazzo/base/context.hpp"
#include "terrazzo/data/image.hpp"

namespace terrazzo::io {

struct StripShape {
  ElementType type = ElementType::uint8;
  std::size_t samples = 1;  // of a pixel, side by side
  std::size_t rows = 0;     // of the whole image
  std::size_t cols = 0;
  bool masked = false;  // strips come with a mask

  std::size_t pixel_bytes() const noexcept { return samples * size_of(type); }
  std::size_t row_bytes() const noexcept { return cols * pixel_bytes(); }
};

// Some rows of an image, over its whole width.
struct Strip {
  std::size_t rows = 0;
  std::vector<std::byte> values{};    // rows x cols x samples elements
  std::vector<std::uint8_t> valid{};  // rows x cols; 1 is valid, 0 hidden; empty: no mask

  void resize(const StripShape& shape, std::size_t count) {
    rows = count;
    values.resize(count * shape.row_bytes());
    valid.resize(shape.masked ? count * shape.cols : 0);
  }
};

class StripSource {
 public:
  virtual ~StripSource() = default;
  virtual const StripShape& shape() const = 0;

  // Fills the strip with rows first.., which follow those of the last call.
  // Throws corrupt_data: they cannot be decoded. unavailable: the source is gone.
  //        cancelled, timeout.
  virtual void read(std::size_t first, std::size_t rows, Strip& to,
                    const Context& context) = 0;
};

}  // namespace terrazzo::io
