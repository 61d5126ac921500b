#pragma once
// Compressed blocks on their way into a COG.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "terrazzo/base/descriptor.hpp"
#include "terrazzo/io/tiff.hpp"

namespace terrazzo::io {

// A new file that grows at its end. One thread.
// Throws, all calls: denied, unavailable: as publish() of AsideFiles.
class GrowingFile {
 public:
  explicit GrowingFile(const std::filesystem::path& path);
  static GrowingFile in_memory();

  void append(std::span<const std::byte> bytes);
  // All of `other`; `between` is called now and then.
  void append(const GrowingFile& other, const std::function<void()>& between);
  std::uint64_t size() const noexcept { return size_; }

 private:
  GrowingFile(int descriptor, std::filesystem::path path);

  std::filesystem::path path_;
  std::unique_ptr<Descriptor> file_;
  std::uint64_t size_ = 0;
};

// The compressed blocks of one level in the order of the file, each between its size and
// its last four bytes again, as GDAL's ghost area promises; the block of the mask stands
// behind that of the image.
class Spill {
 public:
  explicit Spill(GrowingFile file) : file_(std::move(file)) {}

  struct Encoded {
    std::vector<std::byte> image{};  // empty: the block is left out
    std::vector<std::byte> mask{};
  };
  void append(std::span<const Encoded> blocks);

  // Places in this file, in the order of append(); size 0: left out.
  const std::vector<BlockPlace>& images() const noexcept { return images_; }
  const std::vector<BlockPlace>& masks() const noexcept { return masks_; }
  const GrowingFile& file() const noexcept { return file_; }

 private:
  GrowingFile file_;
  std::vector<BlockPlace> images_;
  std::vector<BlockPlace> masks_;
};

}  // namespace terrazzo::io
