#include "terrazzo/io/tiff_level.hpp"

#include <algorithm>
#include <utility>

#include "terrazzo/io/nodata.hpp"
#include "terrazzo/io/samples.hpp"

namespace terrazzo::io {
namespace {

constexpr std::size_t batch_bytes = std::size_t{16} << 20U;  // of blocks held at once

// Pixels of a window, counted from its first.
struct Area {
  std::size_t row = 0, rows = 0, col = 0, cols = 0;
};

// Where a block begins in its image, and its rows and columns that are in the image.
Area area_of(const TiffImage& image, std::size_t block) {
  const std::size_t across = block % image.blocks_across();
  const std::size_t down = image.row_of_block(block);
  return {down * image.block_rows, image.block_rows, across * image.block_cols,
          image.block_cols};
}

// What a block and a window share, in rows and columns of the image.
Area shared(const Area& block, const Window& window) {
  const auto part = [](std::size_t start, std::size_t count, std::size_t first,
                       std::size_t length) {
    const std::size_t from = std::max(start, first);
    return std::pair{from, std::min(start + count, first + length) - from};
  };
  Area area;
  std::tie(area.row, area.rows) = part(window.row, window.rows, block.row, block.rows);
  std::tie(area.col, area.cols) = part(window.col, window.cols, block.col, block.cols);
  return area;
}

// One sample of an image in the window, and where it goes: elements, row by row.
struct Plane {
  std::size_t image = 0;   // index into TiffFile::images
  std::size_t sample = 0;  // from 0
  std::span<std::byte> to{};
};

void copy_block(const TiffImage& image, const Block& block, const Plane& plane,
                const Area& whole, const Window& window) {
  const Area area = shared(whole, window);
  const std::size_t size = size_of(block.type);
  const std::size_t sample = image.apart ? 0 : plane.sample;
  for (std::size_t row = 0; row < area.rows; ++row) {
    const std::size_t block_row = area.row + row - whole.row;
    const std::size_t block_col = area.col - whole.col;
    const std::size_t from =
        ((block_row * block.cols + block_col) * block.samples + sample) * size;
    const std::size_t at =
        (area.row + row - window.row) * window.cols + (area.col - window.col);
    copy_sample(block.bytes.data() + from, block.samples, plane.to.data() + at * size, 1,
                area.cols, size);
  }
}

// Planes that come out of the same blocks.
struct Group {
  std::size_t image = 0;
  std::vector<const Plane*> planes{};
};

// A block and all planes that take pixels from it.
struct Wanted {
  BlockId id{};
  const std::vector<const Plane*>& planes;
};

// Elements of the window that lie in an area of the image, set to one value.
void fill(const Plane& plane, ElementType type, const Area& area, const Window& window,
          double value) {
  with_type(type, [&]<class T>(T) {
    const std::size_t size = window.rows * window.cols;
    const std::span to{reinterpret_cast<T*>(plane.to.data()), size};
    for (std::size_t row = area.row; row < area.row + area.rows; ++row) {
      const std::size_t at = (row - window.row) * window.cols + (area.col - window.col);
      std::ranges::fill(to.subspan(at, area.cols), static_cast<T>(value));
    }
  });
}

class LevelRead {
 public:
  LevelRead(const OpenTiff& tiff, BlockStore& store, const Window& window)
      : tiff_(tiff), store_(store), window_(window) {}

  void run(std::span<const Plane> planes, bool leaves_holes, const Context& context) {
    const std::vector<Group> groups = grouped(planes);
    for (const Group& group : groups) want(group, context);
    for (std::size_t first = 0; first < wanted_.size();) {
      const std::size_t count = batch(first);
      read(std::span{wanted_}.subspan(first, count), leaves_holes, context);
      first += count;
    }
    wanted_.clear();
  }

  const std::vector<Area>& holes() const noexcept { return holes_; }

 private:
  const TiffImage& image(std::size_t number) const {
    return tiff_.file.tiff.images[number];
  }

  std::vector<Group> grouped(std::span<const Plane> planes) const {
    std::vector<Group> groups;
    for (const Plane& plane : planes) {
      const auto same = std::ranges::find_if(groups, [&](const Group& group) {
        return group.image == plane.image && !image(plane.image).apart;
      });
      if (same != groups.end())
        same->planes.push_back(&plane);
      else
        groups.push_back({plane.image, {&plane}});
    }
    return groups;
  }

  // Blocks that were never written are filled in at once.
  void want(const Group& group, const Context& context) {
    const TiffImage& from = image(group.image);
    const std::size_t sample = group.planes.front()->sample;
    const std::size_t last_down = (window_.row + window_.rows - 1) / from.block_rows;
    const std::size_t last_across = (window_.col + window_.cols - 1) / from.block_cols;
    for (std::size_t down = window_.row / from.block_rows; down <= last_down; ++down) {
      context.check();
      for (std::size_t across = window_.col / from.block_cols; across <= last_across;
           ++across) {
        const std::size_t block = from.block_index(down, across, sample);
        if (from.blocks.at(block).size != 0)
          wanted_.push_back({{group.image, block}, group.planes});
        else
          for (const Plane* plane : group.planes)
            fill(*plane, element_type_of(from), shared(area_of(from, block), window_),
                 window_, blank_value(from));
      }
    }
  }

  // Of blocks that were never written: nodata if there is one, as GDAL reads them.
  double blank_value(const TiffImage& from) const {
    return from.is_mask() ? 0 : tiff_.file.info.bands.front().nodata.value_or(0);
  }

  // How many blocks from there on are held together; at least one.
  std::size_t batch(std::size_t first) const {
    std::size_t bytes = 0;
    std::size_t count = 0;
    while (first + count < wanted_.size()) {
      bytes += image(wanted_[first + count].id.image).shape_of(0).bytes();
      if (bytes > batch_bytes && count > 0) break;
      ++count;
    }
    return count;
  }

  void read(std::span<const Wanted> wanted, bool leaves_holes, const Context& context) {
    std::vector<BlockId> ids;
    ids.reserve(wanted.size());
    for (const Wanted& one : wanted) ids.push_back(one.id);
    const auto blocks = store_.blocks(tiff_, ids, context);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const TiffImage& from = image(wanted[i].id.image);
      const Area whole = area_of(from, wanted[i].id.block);
      if (!blocks[i]->damage) {
        for (const Plane* plane : wanted[i].planes)
          copy_block(from, *blocks[i], *plane, whole, window_);
      } else if (leaves_holes) {
        holes_.push_back(shared(whole, window_));
      } else {
        throw Error{*blocks[i]->damage};
      }
    }
  }

  const OpenTiff& tiff_;
  BlockStore& store_;
  const Window& window_;
  std::vector<Wanted> wanted_;
  std::vector<Area> holes_;
};

void blank(const std::vector<Area>& holes, const Window& window, Image& image) {
  const std::size_t size = size_of(image.type());
  for (const Area& hole : holes)
    for (std::size_t row = hole.row; row < hole.row + hole.rows; ++row) {
      const std::size_t at = (row - window.row) * window.cols + (hole.col - window.col);
      std::ranges::fill(image.valid().subspan(at, hole.cols), std::uint8_t{0});
      std::ranges::fill(image.bytes().subspan(at * size, hole.cols * size), std::byte{0});
    }
}

void mask_by(const Image& alpha, Image& image) {
  with_type(alpha.type(), [&]<class T>(T) {
    const auto values = alpha.values<T>();
    for (std::size_t i = 0; i < values.size(); ++i)
      image.valid()[i] = values[i] != T{} ? 1 : 0;
  });
}

// Sample of the mask that tells of a band.
std::size_t mask_sample(const GeoTiff& file, int band) {
  return file.mask_samples > 1
             ? static_cast<std::size_t>(std::min(band, file.mask_samples) - 1)
             : 0;
}

bool inside(std::size_t start, std::size_t length, std::size_t whole) {
  return length > 0 && start < whole && length <= whole - start;
}

// 1 for what is not 0; in pieces of one fixed length, which compilers turn into SIMD.
void to_flags(std::span<std::uint8_t> bytes) {
  constexpr std::size_t piece = 64;
  const auto flag = [](std::uint8_t byte) { return std::min<std::uint8_t>(byte, 1); };
  std::size_t done = 0;
  for (; done + piece <= bytes.size(); done += piece)
    for (std::size_t i = 0; i < piece; ++i) bytes[done + i] = flag(bytes[done + i]);
  for (; done < bytes.size(); ++done) bytes[done] = flag(bytes[done]);
}

}  // namespace

void check_window(const TiffImage& image, const Window& window) {
  if (!inside(window.col, window.cols, image.cols) ||
      !inside(window.row, window.rows, image.rows))
    throw invalid(
        "the window of {} x {} pixels at row {}, column {} is not inside {} x {} pixels",
        window.rows, window.cols, window.row, window.col, image.rows, image.cols);
}

Image read_level(const OpenTiff& tiff, BlockStore& store, std::size_t level, int band,
                 const Window& window, const Context& context, std::size_t* holes) {
  const GeoTiff& file = tiff.file;
  check_window(file.image(level), window);
  const BandInfo& info = file.info.bands.at(static_cast<std::size_t>(band - 1));
  Image image{info.type, 1, window.rows, window.cols};
  std::optional<Image> alpha;
  const GeoTiffLevel& images = file.levels[level];
  std::vector<Plane> planes{
      {images.image, static_cast<std::size_t>(band - 1), image.bytes()}};
  if (file.mask_samples != 0) {
    planes.push_back(
        {*images.mask, mask_sample(file, band), std::as_writable_bytes(image.valid())});
  } else if (file.alpha_band != 0 && file.alpha_band != band) {
    alpha.emplace(info.type, 1, window.rows, window.cols);
    planes.push_back(
        {images.image, static_cast<std::size_t>(file.alpha_band - 1), alpha->bytes()});
  }
  LevelRead read{tiff, store, window};
  read.run(planes, holes != nullptr, context);
  if (file.mask_samples != 0) to_flags(image.valid());
  if (alpha) mask_by(*alpha, image);
  mask_nodata(image, info);
  blank(read.holes(), window, image);
  if (holes != nullptr) *holes += read.holes().size();
  return image;
}

}  // namespace terrazzo::io
