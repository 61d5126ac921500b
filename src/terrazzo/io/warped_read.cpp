#include "terrazzo/io/warped_read.hpp"

#include <algorithm>
#include <cstring>

#include "terrazzo/raster/level_choice.hpp"
#include "terrazzo/raster/warp.hpp"

namespace terrazzo::io {
namespace {

constexpr double least_cover = 0.01;
constexpr std::size_t most_pixels = std::size_t{1} << 24U;  // of a level, held at once

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

// One picture's way through a raster.
struct Way {
  std::size_t level = 0;
  raster::WarpLevel placed{};
  raster::Kernel kernel = raster::Kernel::nearest;
};

std::optional<Way> choose(const LevelReader& reader, const WarpedRead& request,
                          const raster::WarpMap& map) {
  const auto scale = pixel_scale(map, placed(reader.info, reader.levels.front()));
  if (!scale) return std::nullopt;
  std::vector<double> factors;
  for (const RasterLevel& level : reader.levels)
    factors.push_back(static_cast<double>(reader.info.cols) /
                      static_cast<double>(level.cols));
  Way way;
  way.level = raster::choose_level(factors, scale->finer());
  way.placed = placed(reader.info, reader.levels[way.level]);
  way.kernel = raster::choose_kernel(kernel_of(request.resampling),
                                     kernel_of(request.reprojection),
                                     scale->finer() / factors[way.level]);
  return way;
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

raster::WarpTarget target_of(const WarpedRead& request) {
  return {request.box, request.crs, request.rows, request.cols};
}

// The part of a request from one row to another.
WarpedRead rows_of(const WarpedRead& request, std::size_t first, std::size_t count) {
  const double height = request.box.height() / static_cast<double>(request.rows);
  WarpedRead part = request;
  part.rows = count;
  part.box.north = request.box.north - height * static_cast<double>(first);
  part.box.south = part.box.north - height * static_cast<double>(count);
  return part;
}

void put_rows(const Image& from, std::size_t first, Image& to) {
  const std::size_t bytes = size_of(to.type()) * to.cols();
  std::ranges::copy(from.bytes(),
                    to.bytes().begin() + static_cast<std::ptrdiff_t>(first * bytes));
  std::ranges::copy(from.valid(),
                    to.valid().begin() + static_cast<std::ptrdiff_t>(first * to.cols()));
}

Image blank(const LevelReader& reader, const WarpedRead& request) {
  Image image{reader.type, 1, request.rows, request.cols};
  std::ranges::fill(image.valid(), std::uint8_t{0});
  return image;
}

raster::WarpMap map_of(const LevelReader& reader, const WarpedRead& request) {
  return {target_of(request), *reader.info.crs, reader.world};
}

// map: of this very request.
Image warp_rows(const LevelReader& reader, const WarpedRead& request,
                const raster::WarpMap& map, const Way& way, const Context& context) {
  context.check();
  const raster::WarpGrid grid{map, way.placed};
  const raster::SourceWindow window = window_for(grid, way.kernel);
  if (window.empty()) return blank(reader, request);
  Image out{reader.type, 1, request.rows, request.cols};
  if (window.rows * window.cols > most_pixels && request.rows > 1) {
    const std::size_t half = request.rows / 2;
    const auto put = [&](std::size_t first, std::size_t count) {
      const WarpedRead part = rows_of(request, first, count);
      put_rows(warp_rows(reader, part, map_of(reader, part), way, context), first, out);
    };
    put(0, half);
    put(half, request.rows - half);
    return out;
  }
  const Image source = read_source(reader, way.level, window);
  const raster::BlockView view{.type = reader.type,
                               .values = source.bytes().data(),
                               .valid = source.valid().data(),
                               .stride = source.cols(),
                               .col = window.col,
                               .row = window.row,
                               .cols = source.cols(),
                               .rows = source.rows()};
  warp(grid, way.kernel, view, out);
  return out;
}

}  // namespace

std::optional<Image> read_warped(const LevelReader& reader, const WarpedRead& request,
                                 const Context& context) {
  if (!reader.info.crs)
    throw failure(ErrorKind::unsupported, "the raster is not georeferenced");
  const Box& box = request.box;
  const double cover =
      reader.bounds.width() / box.width() * (reader.bounds.height() / box.height());
  if (!(cover >= least_cover)) return std::nullopt;
  const raster::WarpMap map = map_of(reader, request);
  const auto way = choose(reader, request, map);
  if (!way) return blank(reader, request);
  return warp_rows(reader, request, map, *way, context);
}

}  // namespace terrazzo::io
