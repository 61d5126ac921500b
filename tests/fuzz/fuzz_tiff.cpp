// Any bytes as a TIFF: directories, georeference, and some pixels of each level.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "terrazzo/io/memory_source.hpp"
#include "terrazzo/io/tiff_level.hpp"

using namespace terrazzo;

namespace {

void read_some(const io::OpenTiff& tiff) {
  io::BlockStore store{std::size_t{1} << 20U};
  const io::GeoTiff& file = tiff.file;
  for (std::size_t level = 0; level < std::min<std::size_t>(file.levels.size(), 3);
       ++level) {
    const io::TiffImage& image = file.image(level);
    // A block may be large by right; this is to find faults, not to wait.
    if (image.shape_of(0).bytes() > (std::size_t{1} << 22U)) continue;
    const std::size_t rows = std::min<std::size_t>(image.rows, 40);
    const std::size_t cols = std::min<std::size_t>(image.cols, 40);
    const io::Window window{image.cols - cols, image.rows - rows, cols, rows};
    const auto bands = static_cast<int>(std::min<std::size_t>(image.samples, 2));
    for (int band = 1; band <= bands; ++band)
      io::read_level(tiff, store, level, band, window, {});
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  io::OpenTiff tiff;
  tiff.id = 1;
  tiff.source = io::memory_source({bytes, bytes + size}, "fuzz");
  try {
    tiff.file = io::read_geotiff(*tiff.source);
    read_some(tiff);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::internal) __builtin_trap();
  }
  return 0;
}
