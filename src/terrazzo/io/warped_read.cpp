#include "terrazzo/io/warped_read.hpp"

#include <algorithm>
#include <cstring>

#include "terrazzo/raster/fine_grid.hpp"
#include "terrazzo/raster/level_choice.hpp"
#include "terrazzo/raster/warp.hpp"

namespace terrazzo::io {
namespace {

constexpr double least_cover = 0.01;

raster::Kernel kernel_of(Resampling method) {
  switch (method) {
    case Resampling::nearest:
      return raster::Kernel::nearest;
    case Resampling::linear:
      return raster::Kernel::bilinear;
    case Resampling::cubic:
      return raster::Kernel::cubic;
    case Resampling::average:
      break;
  }
  return raster::Kernel::average;
}

raster::WarpLevel placed(const RasterInfo& info, const RasterLevel& level) {
  const double across = static_cast<double>(info.cols) / static_cast<double>(level.cols);
  const double down = static_cast<double>(info.rows) / static_cast<double>(level.rows);
  Affine affine = info.affine;
  affine.a *= across;
  affine.d *= across;
  affine.b *= down;
  affine.e *= down;
  return {affine, level.rows, level.cols};
}

// One picture's way through a raster: a level is warped to a grid, which is reduced.
struct Way {
  std::size_t level = 0;
  raster::WarpLevel placed{};
  raster::FineGrid grid{};
  raster::Kernel kernel{};  // to the grid
  raster::Kernel downsample{};
  raster::WarpMap map;        // of the grid
  double pixels_on_grid = 1;  // of the level, along the side of a pixel of the grid
};

double shorter_side(const raster::WarpTarget& target) {
  return std::min(target.box.width() / static_cast<double>(target.cols),
                  target.box.height() / static_cast<double>(target.rows));
}

double longer_side(const raster::WarpTarget& target) {
  return std::max(target.box.width() / static_cast<double>(target.cols),
                  target.box.height() / static_cast<double>(target.rows));
}

// pixel: of the full raster, in the picture's system.
Way way_for(const LevelReader& reader, const WarpedRead& request,
            const raster::WarpTarget& picture, double pixel) {
  const RasterInfo& info = reader.info;
  std::vector<double> factors;
  for (const RasterLevel& level : reader.levels)
    factors.push_back(static_cast<double>(info.cols) / static_cast<double>(level.cols));
  const std::size_t index = raster::choose_level(factors, shorter_side(picture) / pixel);
  const RasterLevel& level = reader.levels[index];
  const raster::LevelFactor factor{
      factors[index], static_cast<double>(info.rows) / static_cast<double>(level.rows)};
  const raster::FineGrid grid = raster::fine_grid(picture, pixel, factor);
  constexpr double reach_of_bilinear = 2;
  const bool in_one_step =
      longer_side(grid.target) / (pixel * factor.cols) > reach_of_bilinear;
  return {.level = index,
          .placed = placed(info, level),
          .grid = grid,
          .kernel = kernel_of(in_one_step ? request.resampling : request.reprojection),
          .downsample = kernel_of(request.resampling),
          .map = {grid.target, *info.crs, reader.world},
          .pixels_on_grid = shorter_side(grid.target) / (pixel * factor.cols)};
}

// Are the level's pixels here about as large as they were thought to be? Where the scale
// of a system differs from place to place, they are not.
bool fits(const Way& way) {
  constexpr double most = 1.5;
  constexpr double least = 0.4;
  const auto scale = pixel_scale(way.map, way.placed);
  const double ratio = scale ? scale->finer() / way.pixels_on_grid : 0;
  return ratio >= least && ratio <= most;
}

// Empty if no part of the picture can be transformed.
std::optional<Way> choose(const LevelReader& reader, const WarpedRead& request) {
  const RasterInfo& info = reader.info;
  const raster::WarpTarget picture =
      raster::checked({request.box, request.crs, request.rows, request.cols});
  const raster::WarpLevel full = placed(info, reader.levels.front());
  if (const auto pixel = raster::native_pixel(full, *info.crs, request.crs)) {
    Way way = way_for(reader, request, picture, *pixel);
    if (fits(way)) return way;
  }
  const raster::WarpMap map{picture, *info.crs, reader.world};
  const auto scale = pixel_scale(map, full);
  if (!scale) return std::nullopt;
  return way_for(reader, request, picture, shorter_side(picture) / scale->finer());
}

void paste(const Image& from, std::size_t first_col, Image& to) {
  const std::size_t size = size_of(from.type());
  for (std::size_t row = 0; row < from.rows(); ++row) {
    const std::size_t at = row * to.cols() + first_col;
    std::memcpy(to.bytes().data() + at * size,
                from.bytes().data() + row * from.cols() * size, from.cols() * size);
    std::memcpy(to.valid().data() + at, from.valid().data() + row * from.cols(),
                from.cols());
  }
}

// Columns of a level that goes around the world, beyond its ends as well.
Image read_around(const LevelReader& reader, std::size_t level,
                  const raster::SourceWindow& window) {
  const auto world = static_cast<std::ptrdiff_t>(reader.levels[level].cols);
  Image whole{reader.type, 1, window.rows, window.cols};
  std::size_t done = 0;
  while (done < window.cols) {
    const std::ptrdiff_t col = window.col + static_cast<std::ptrdiff_t>(done);
    const auto start = static_cast<std::size_t>((col % world + world) % world);
    const std::size_t count =
        std::min(window.cols - done, static_cast<std::size_t>(world) - start);
    const Window part{start, static_cast<std::size_t>(window.row), count, window.rows};
    paste(reader.read(level, part), done, whole);
    done += count;
  }
  return whole;
}

Image read_source(const LevelReader& reader, std::size_t level,
                  const raster::SourceWindow& window) {
  const auto end = window.col + static_cast<std::ptrdiff_t>(window.cols);
  if (window.col < 0 || end > static_cast<std::ptrdiff_t>(reader.levels[level].cols))
    return read_around(reader, level, window);
  return reader.read(
      level, {static_cast<std::size_t>(window.col), static_cast<std::size_t>(window.row),
              window.cols, window.rows});
}

void put_rows(const Image& from, std::size_t first, Image& to) {
  const std::size_t bytes = size_of(to.type()) * to.cols();
  std::ranges::copy(from.bytes(),
                    to.bytes().begin() + static_cast<std::ptrdiff_t>(first * bytes));
  std::ranges::copy(from.valid(),
                    to.valid().begin() + static_cast<std::ptrdiff_t>(first * to.cols()));
}

// One row of a picture may need more than most_pixels, so many times.
constexpr std::size_t most_times = 16;

// Draws some rows of the picture.
class Drawing {
 public:
  Drawing(const LevelReader& reader, const Way& way, const Context& context)
      : reader_(reader), way_(way), context_(context) {}

  // The rows from `first` on that the image has.
  void draw(std::size_t first, Image& rows) const {
    context_.check();
    const raster::FineGrid part = rows_of(way_.grid, first, rows.rows(), way_.downsample);
    raster::WarpGrid grid{map_of(part), way_.placed};
    const raster::PicturePart left =
        part.is_picture ? raster::PicturePart{} : grid.crop();
    const raster::SourceWindow window = window_for(grid, way_.kernel);
    if (window.empty()) {
      std::ranges::fill(rows.valid(), std::uint8_t{0});
    } else if (rows.rows() > 1 && (window.rows * window.cols > reader_.most_pixels ||
                                   left.rows * left.cols > reader_.most_pixels)) {
      draw_halves(first, rows);
    } else if (window.rows * window.cols > most_times * reader_.most_pixels) {
      throw failure(ErrorKind::too_large,
                    "one row of this picture needs {} x {} pixels of the raster at once; "
                    "overviews would help (terrazzo optimize-rasters)",
                    window.rows, window.cols);
    } else if (part.is_picture) {
      warp_to(grid, window, rows);
    } else {
      Image fine{reader_.type, 1, left.rows, left.cols};
      warp_to(grid, window, fine);
      const raster::FineLine cols{part.cols.start - static_cast<double>(left.col),
                                  part.cols.step};
      const raster::FineLine lines{part.rows.start - static_cast<double>(left.row),
                                   part.rows.step};
      downsample(fine, cols, lines, way_.downsample, rows);
    }
  }

 private:
  raster::WarpMap map_of(const raster::FineGrid& part) const {
    if (part.target.rows == way_.grid.target.rows) return way_.map;
    return {part.target, *reader_.info.crs, reader_.world};
  }

  void draw_halves(std::size_t first, Image& rows) const {
    const std::size_t half = rows.rows() / 2;
    std::size_t done = 0;
    for (const std::size_t count : {half, rows.rows() - half}) {
      Image part{reader_.type, 1, count, rows.cols()};
      draw(first + done, part);
      put_rows(part, done, rows);
      done += count;
    }
  }

  void warp_to(const raster::WarpGrid& grid, const raster::SourceWindow& window,
               Image& out) const {
    const Image source = read_source(reader_, way_.level, window);
    const auto valid = source.valid();
    const bool whole = std::memchr(valid.data(), 0, valid.size()) == nullptr;
    const raster::BlockView view{.type = reader_.type,
                                 .values = source.bytes().data(),
                                 .valid = whole ? nullptr : valid.data(),
                                 .stride = source.cols(),
                                 .col = window.col,
                                 .row = window.row,
                                 .cols = source.cols(),
                                 .rows = source.rows()};
    warp(grid, way_.kernel, view, out);
  }

  const LevelReader& reader_;
  const Way& way_;
  const Context& context_;
};

}  // namespace

std::optional<Image> read_warped(const LevelReader& reader, const WarpedRead& request,
                                 const Context& context) {
  if (!reader.info.crs)
    throw failure(ErrorKind::unsupported, "the raster is not georeferenced");
  const Box& box = request.box;
  const double cover =
      reader.bounds.width() / box.width() * (reader.bounds.height() / box.height());
  if (!(cover >= least_cover)) return std::nullopt;
  const auto way = choose(reader, request);
  Image image{reader.type, 1, request.rows, request.cols};
  if (way)
    Drawing{reader, *way, context}.draw(0, image);
  else
    std::ranges::fill(image.valid(), std::uint8_t{0});
  return image;
}

}  // namespace terrazzo::io
