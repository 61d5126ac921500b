#pragma once
// Directories of TIFFs in compact form, to be kept where they outlive the process.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "terrazzo/io/tiff.hpp"

namespace terrazzo::io {

// The directories of a file, and how it is read again as it was; see ByteSource::pin().
struct TiffHeader {
  std::string pin{};
  std::uint64_t file_size = 0;
  TiffFile file{};
};

std::vector<std::byte> packed(const TiffHeader& header);

// What packed() gave, or what a stranger wrote in its place: checked as read_tiff()
// checks a file. Cost: memory and time are bounded by the size of `bytes`. Throws
// corrupt_data, unsupported: it is none, was damaged, or is of another version.
TiffHeader unpacked(std::span<const std::byte> bytes);

}  // namespace terrazzo::io
