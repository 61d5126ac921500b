#include "terrazzo/io/tiff_raster.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "terrazzo/io/nodata.hpp"
#include "terrazzo/io/warped_read.hpp"

namespace terrazzo::io {
namespace {

constexpr std::size_t batch_bytes = std::size_t{64} << 20U;

// The pixels that a block and a window share, in the image's rows and columns.
struct Overlap {
  std::size_t row = 0, rows = 0, col = 0, cols = 0;
};

Overlap overlap(const TiffImage& image, const Window& window, std::size_t down,
                std::size_t across) {
  const auto part = [](std::size_t start, std::size_t count, std::size_t first,
                       std::size_t length) {
    const std::size_t from = std::max(start, first);
    return std::pair{from, std::min(start + count, first + length) - from};
  };
  Overlap shared;
  std::tie(shared.row, shared.rows) =
      part(window.row, window.rows, down * image.block_rows, image.block_rows);
  std::tie(shared.col, shared.cols) =
      part(window.col, window.cols, across * image.block_cols, image.block_cols);
  return shared;
}

template <class T>
void copy_samples(const T* from, std::size_t step, T* to, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) to[i] = from[i * step];
}

// One sample of `count` pixels, of elements of `size` bytes.
void copy_row(const std::byte* from, std::size_t step, std::byte* to, std::size_t count,
              std::size_t size) {
  if (step == 1) {
    std::memcpy(to, from, count * size);
    return;
  }
  const auto as = [&]<class T>(T) {
    copy_samples(reinterpret_cast<const T*>(from), step, reinterpret_cast<T*>(to), count);
  };
  if (size == 1) return as(std::uint8_t{});
  if (size == 2) return as(std::uint16_t{});
  if (size == 4) return as(std::uint32_t{});
  as(std::uint64_t{});
}

struct Source {
  const OpenTiff& tiff;
  BlockStore& store;
  std::size_t image;   // index into TiffFile::images
  std::size_t sample;  // from 0
};

void copy_block(const TiffImage& image, const Block& block, std::size_t sample,
                const Window& window, std::size_t index, std::span<std::byte> to) {
  const std::size_t across = index % image.blocks_across();
  const std::size_t down = index / image.blocks_across() % image.blocks_down();
  const Overlap shared = overlap(image, window, down, across);
  const std::size_t size = size_of(block.type);
  const std::size_t in_block = image.apart ? 0 : sample;
  for (std::size_t row = 0; row < shared.rows; ++row) {
    const std::size_t block_row = shared.row + row - down * image.block_rows;
    const std::size_t block_col = shared.col - across * image.block_cols;
    const std::size_t from =
        ((block_row * block.cols + block_col) * block.samples + in_block) * size;
    const std::size_t at =
        (shared.row + row - window.row) * window.cols + (shared.col - window.col);
    copy_row(block.bytes.data() + from, block.samples, to.data() + at * size, shared.cols,
             size);
  }
}

// Elements of one sample in the window, row by row. Blocks are held a batch at a time.
void copy_window(const Source& source, const Window& window, std::span<std::byte> to,
                 const Context& context) {
  const TiffImage& image = source.tiff.file.tiff.images[source.image];
  std::vector<std::size_t> indices;
  const std::size_t last_down = (window.row + window.rows - 1) / image.block_rows;
  const std::size_t last_across = (window.col + window.cols - 1) / image.block_cols;
  for (std::size_t down = window.row / image.block_rows; down <= last_down; ++down)
    for (std::size_t across = window.col / image.block_cols; across <= last_across;
         ++across)
      indices.push_back(image.block_index(down, across, source.sample));
  const std::size_t batch = std::max<std::size_t>(
      batch_bytes / std::max<std::size_t>(image.shape_of(0).bytes(), 1), 1);
  for (std::size_t first = 0; first < indices.size(); first += batch) {
    const auto now =
        std::span{indices}.subspan(first, std::min(batch, indices.size() - first));
    const auto blocks = source.store.blocks(source.tiff, source.image, now, context);
    for (std::size_t i = 0; i < now.size(); ++i)
      copy_block(image, *blocks[i], source.sample, window, now[i], to);
  }
}

void read_mask(const OpenTiff& tiff, BlockStore& store, std::size_t level, int band,
               const Window& window, std::span<std::uint8_t> valid,
               const Context& context) {
  const bool each = tiff.file.mask_samples > 1;
  const std::size_t sample =
      each ? static_cast<std::size_t>(std::min(band, tiff.file.mask_samples) - 1) : 0;
  copy_window({tiff, store, *tiff.file.levels[level].mask, sample}, window,
              std::as_writable_bytes(valid), context);
  for (std::uint8_t& pixel : valid) pixel = pixel != 0 ? 1 : 0;
}

void read_alpha(const OpenTiff& tiff, BlockStore& store, std::size_t level,
                const Window& window, Image& image, const Context& context) {
  Image alpha{image.type(), 1, image.rows(), image.cols()};
  copy_window({tiff, store, tiff.file.levels[level].image,
               static_cast<std::size_t>(tiff.file.alpha_band - 1)},
              window, alpha.bytes(), context);
  with_type(alpha.type(), [&]<class T>(T) {
    const auto values = std::as_const(alpha).values<T>();
    for (std::size_t i = 0; i < values.size(); ++i)
      image.valid()[i] = values[i] != T{} ? 1 : 0;
  });
}

bool inside(std::size_t start, std::size_t length, std::size_t whole) {
  return length > 0 && start < whole && length <= whole - start;
}

void check_window(const TiffImage& image, const Window& window) {
  if (!inside(window.col, window.cols, image.cols) ||
      !inside(window.row, window.rows, image.rows))
    throw invalid(
        "the window of {} x {} pixels at row {}, column {} is not inside {} x {} pixels",
        window.rows, window.cols, window.row, window.col, image.rows, image.cols);
}

// The level that GDAL would take to reduce a window (GDALBandGetBestOverviewLevel2).
std::size_t level_for(const GeoTiff& file, const Window& window, std::size_t rows,
                      std::size_t cols) {
  constexpr double oversampling = 1.2;
  const double down = static_cast<double>(window.rows) / static_cast<double>(rows);
  const double across = static_cast<double>(window.cols) / static_cast<double>(cols);
  const double wanted = across < down || rows == 1 ? across : down;
  if (wanted < 1) return 0;
  std::size_t best = 0;
  double best_factor = 0;
  for (std::size_t level = 1; level < file.levels.size(); ++level) {
    const TiffImage& image = file.image(level);
    const double factor =
        std::min(static_cast<double>(file.info.rows) / static_cast<double>(image.rows),
                 static_cast<double>(file.info.cols) / static_cast<double>(image.cols));
    if (factor >= wanted * oversampling || factor <= best_factor) continue;
    best = level;
    best_factor = factor;
  }
  return best;
}

// A window of the raster in the pixels of one of its levels.
Window in_level(const GeoTiff& file, const Window& window, std::size_t level) {
  const auto scaled = [](std::size_t start, std::size_t length, std::size_t whole,
                         std::size_t reduced) {
    const double factor = static_cast<double>(whole) / static_cast<double>(reduced);
    const auto nearest = [&](std::size_t n) {
      return static_cast<std::size_t>(static_cast<double>(n) / factor + 0.5);
    };
    const std::size_t first = std::min(nearest(start), reduced - 1);
    return std::pair{first, std::clamp<std::size_t>(nearest(length), 1, reduced - first)};
  };
  const TiffImage& image = file.image(level);
  Window part;
  std::tie(part.row, part.rows) =
      scaled(window.row, window.rows, file.info.rows, image.rows);
  std::tie(part.col, part.cols) =
      scaled(window.col, window.cols, file.info.cols, image.cols);
  return part;
}

// Source index of each of `to` elements that `from` elements are reduced to.
std::vector<std::size_t> nearest_of(std::size_t from, std::size_t to) {
  constexpr double epsilon = 1e-10;  // as GDAL's
  const double step = static_cast<double>(from) / static_cast<double>(to);
  std::vector<std::size_t> indices(to);
  for (std::size_t i = 0; i < to; ++i) {
    const double at = (static_cast<double>(i) + 0.5) * step + epsilon;
    indices[i] = std::min(static_cast<std::size_t>(at), from - 1);
  }
  return indices;
}

// The rows of `strip`, reduced, that the rows first.. of `rows` take their pixels from.
void pick(const Image& strip, std::size_t strip_row, std::span<const std::size_t> rows,
          std::span<const std::size_t> cols, std::size_t first, Image& to) {
  with_type(to.type(), [&]<class T>(T) {
    const auto from = strip.values<T>();
    const auto values = to.values<T>();
    for (std::size_t row = 0; row < rows.size(); ++row)
      for (std::size_t col = 0; col < cols.size(); ++col) {
        const std::size_t at = (rows[row] - strip_row) * strip.cols() + cols[col];
        const std::size_t put = (first + row) * to.cols() + col;
        values[put] = from[at];
        to.valid()[put] = strip.valid()[at];
      }
  });
}

// The window of a level, reduced to rows x cols; holds one row of blocks at a time.
Image read_reduced(const OpenTiff& tiff, BlockStore& store, std::size_t level, int band,
                   const Window& window, std::size_t rows, std::size_t cols,
                   const Context& context) {
  const std::size_t block_rows = tiff.file.image(level).block_rows;
  Image small{tiff.file.info.bands.at(static_cast<std::size_t>(band - 1)).type, 1, rows,
              cols};
  const auto row_of = nearest_of(window.rows, rows);
  const auto col_of = nearest_of(window.cols, cols);
  std::size_t first = 0;
  while (first < rows) {
    const std::size_t block_end =
        ((window.row + row_of[first]) / block_rows + 1) * block_rows - window.row;
    std::size_t last = first;
    while (last < rows && row_of[last] < block_end) ++last;
    const std::size_t start = row_of[first];
    const Window strip{window.col, window.row + start, window.cols,
                       row_of[last - 1] + 1 - start};
    pick(read_level(tiff, store, level, band, strip, context), start,
         std::span{row_of}.subspan(first, last - first), col_of, first, small);
    first = last;
  }
  return small;
}

class TiffRaster : public Raster {
 public:
  TiffRaster(std::shared_ptr<const OpenTiff> tiff, std::shared_ptr<BlockStore> store,
             int band)
      : tiff_(std::move(tiff)), store_(std::move(store)), band_(band) {}

  const RasterInfo& info() const override { return tiff_->file.info; }
  int band() const override { return band_; }
  Image read(const Window& window, std::size_t rows, std::size_t cols,
             const Context& context) const override;
  std::optional<Image> read_warped(const WarpedRead& request,
                                   const Context& context) const override;

 private:
  std::shared_ptr<const OpenTiff> tiff_;
  std::shared_ptr<BlockStore> store_;
  int band_;
};

Image TiffRaster::read(const Window& window, std::size_t rows, std::size_t cols,
                       const Context& context) const {
  const GeoTiff& file = tiff_->file;
  check_window(file.image(0), window);
  constexpr std::size_t most = std::numeric_limits<int>::max();
  if (rows == 0 || cols == 0 || rows > most || cols > most)
    throw invalid("a window cannot be reduced to {} x {} pixels", rows, cols);
  const std::size_t level = level_for(file, window, rows, cols);
  const Window part = level == 0 ? window : in_level(file, window, level);
  if (rows == part.rows && cols == part.cols)
    return read_level(*tiff_, *store_, level, band_, part, context);
  return read_reduced(*tiff_, *store_, level, band_, part, rows, cols, context);
}

std::optional<Image> TiffRaster::read_warped(const WarpedRead& request,
                                             const Context& context) const {
  const GeoTiff& file = tiff_->file;
  if (!file.info.crs)
    throw failure(ErrorKind::unsupported, "'{}' is not georeferenced", tiff_->name);
  LevelReader reader{.info = file.info,
                     .type = element_type_of(file.image(0)),
                     .levels = {},
                     .bounds = tiff_->bounds_in(request.crs),
                     .world = tiff_->world_width,
                     .read = [&](std::size_t level, const Window& window) {
                       return read_level(*tiff_, *store_, level, band_, window, context);
                     }};
  for (std::size_t level = 0; level < file.levels.size(); ++level)
    reader.levels.push_back({file.image(level).rows, file.image(level).cols});
  return io::read_warped(reader, request, context);
}

}  // namespace

Image read_level(const OpenTiff& tiff, BlockStore& store, std::size_t level, int band,
                 const Window& window, const Context& context) {
  const GeoTiff& file = tiff.file;
  check_window(file.image(level), window);
  const BandInfo& info = file.info.bands.at(static_cast<std::size_t>(band - 1));
  Image image{info.type, 1, window.rows, window.cols};
  copy_window({tiff, store, file.levels[level].image, static_cast<std::size_t>(band - 1)},
              window, image.bytes(), context);
  if (file.mask_samples != 0)
    read_mask(tiff, store, level, band, window, image.valid(), context);
  else if (file.alpha_band != 0 && file.alpha_band != band && !info.nodata)
    read_alpha(tiff, store, level, window, image, context);
  mask_nodata(image, info);
  return image;
}

std::shared_ptr<const Raster> tiff_raster(std::shared_ptr<const OpenTiff> tiff,
                                          std::shared_ptr<BlockStore> store, int band) {
  const std::size_t bands = tiff->file.info.bands.size();
  if (band < 1 || static_cast<std::size_t>(band) > bands)
    throw invalid("'{}' has bands 1 to {}, not band {}", tiff->name, bands, band);
  return std::make_shared<TiffRaster>(std::move(tiff), std::move(store), band);
}

}  // namespace terrazzo::io
