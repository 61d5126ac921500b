// Any bytes as a header that a catalogue kept: refused, or directories whose every block
// lies in the file and that can be made a raster of. The checksum is put right first.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "terrazzo/base/error.hpp"
#include "terrazzo/io/geotiff.hpp"
#include "terrazzo/io/tiff_header.hpp"

using namespace terrazzo;

namespace {

// FNV-1a, lowest byte first.
void append_checksum(std::vector<std::byte>& bytes) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const std::byte byte : bytes)
    hash = (hash ^ static_cast<std::uint64_t>(byte)) * 1099511628211ULL;
  for (unsigned shift = 0; shift < 64; shift += 8)
    bytes.push_back(static_cast<std::byte>(hash >> shift));
}

void check_places(const io::TiffHeader& header) {
  for (const io::TiffImage& image : header.file.images) {
    if (image.blocks.size() != io::block_count(image)) std::abort();
    image.blocks.for_each([&](const io::BlockPlace& place) {
      if (place.offset + place.size > header.file_size) std::abort();
    });
    (void)image.blocks.at(image.blocks.size() - 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto given = std::as_bytes(std::span(data, size));
  std::vector<std::byte> bytes(given.begin(), given.end());
  append_checksum(bytes);
  try {
    io::TiffHeader header = io::unpacked(bytes);
    check_places(header);
    (void)io::geotiff_of(std::move(header.file));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::internal) std::abort();
  }
  return 0;
}
