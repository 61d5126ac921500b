#include "terrazzo/io/tiff_raster.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "terrazzo/io/tiff_level.hpp"
#include "terrazzo/io/warped_read.hpp"

namespace terrazzo::io {
namespace {

// The level that GDAL would take to reduce a window (GDALBandGetBestOverviewLevel2).
std::size_t level_for(const GeoTiff& file, const Window& window, std::size_t rows,
                      std::size_t cols) {
  constexpr double oversampling = 1.2;
  if (rows == window.rows && cols == window.cols) return 0;
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

void check_band(const OpenTiff& tiff, int band) {
  const std::size_t bands = tiff.file.info.bands.size();
  if (band < 1 || static_cast<std::size_t>(band) > bands)
    throw invalid("'{}' has bands 1 to {}, not band {}", tiff.name, bands, band);
}

class TiffRaster : public Raster {
 public:
  TiffRaster(std::shared_ptr<const OpenTiff> tiff, std::shared_ptr<BlockStore> store,
             int band, Reopen reopen)
      : tiff_(std::move(tiff)),
        store_(std::move(store)),
        band_(band),
        reopen_(std::move(reopen)) {}

  const RasterInfo& info() const override { return tiff_->file.info; }
  int band() const override { return band_; }
  Image read(const Window& window, std::size_t rows, std::size_t cols,
             const Context& context) const override;
  std::optional<Image> read_warped(const WarpedRead& request,
                                   const Context& context) const override;

 private:
  std::optional<Image> warped(const OpenTiff& tiff, const WarpedRead& request,
                              const Context& context) const;

  const std::shared_ptr<const OpenTiff> tiff_;
  const std::shared_ptr<BlockStore> store_;
  const int band_;
  const Reopen reopen_;
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
  try {
    if (rows == part.rows && cols == part.cols)
      return read_level(*tiff_, *store_, level, band_, part, context);
    return read_reduced(*tiff_, *store_, level, band_, part, rows, cols, context);
  } catch (const Error& error) {
    // The window was of the old file; who opens it next gets the new one.
    if (error.kind() == ErrorKind::conflict && reopen_) reopen_(context);
    throw;
  }
}

std::optional<Image> TiffRaster::read_warped(const WarpedRead& request,
                                             const Context& context) const {
  const std::size_t holes = request.holes == nullptr ? 0 : *request.holes;
  try {
    return warped(*tiff_, request, context);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::conflict || !reopen_) throw;
    if (request.holes != nullptr) *request.holes = holes;
  }
  const auto replaced = reopen_(context);
  check_band(*replaced, band_);
  return warped(*replaced, request, context);
}

std::optional<Image> TiffRaster::warped(const OpenTiff& tiff, const WarpedRead& request,
                                        const Context& context) const {
  const GeoTiff& file = tiff.file;
  if (!file.info.crs)
    throw failure(ErrorKind::unsupported, "'{}' is not georeferenced", tiff.name);
  LevelReader reader{.info = file.info,
                     .type = element_type_of(file.image(0)),
                     .levels = {},
                     .bounds = tiff.bounds_in(request.crs),
                     .world = tiff.world_width,
                     .read = [&](std::size_t level, const Window& window) {
                       return read_level(tiff, *store_, level, band_, window, context,
                                         request.holes);
                     }};
  for (std::size_t level = 0; level < file.levels.size(); ++level)
    reader.levels.push_back({file.image(level).rows, file.image(level).cols});
  return io::read_warped(reader, request, context);
}

}  // namespace

std::shared_ptr<const Raster> tiff_raster(std::shared_ptr<const OpenTiff> tiff,
                                          std::shared_ptr<BlockStore> store, int band,
                                          Reopen reopen) {
  check_band(*tiff, band);
  return std::make_shared<TiffRaster>(std::move(tiff), std::move(store), band,
                                      std::move(reopen));
}

}  // namespace terrazzo::io
