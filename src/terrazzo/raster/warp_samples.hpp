#pragma once
// Sources and grids for the tests of warp().

#include <array>
#include <random>
#include <vector>

#include "terrazzo/raster/warp.hpp"

namespace terrazzo::raster {

inline constexpr std::array all_kernels{Kernel::nearest, Kernel::bilinear, Kernel::cubic,
                                        Kernel::lanczos, Kernel::average,  Kernel::mode,
                                        Kernel::min,     Kernel::max};

template <class T>
struct Source {
  std::size_t rows;
  std::size_t cols;
  std::vector<T> values;
  std::vector<std::uint8_t> valid{};  // empty: all

  BlockView view() const {
    return {element_type<T>(),
            values.data(),
            valid.empty() ? nullptr : valid.data(),
            cols,
            0,
            0,
            cols,
            rows};
  }
};

// Just the pixels of the window, in memory of their own size.
template <class T>
struct Cut {
  Source<T> pixels;
  BlockView view;
};

template <class T>
Cut<T> cut(const Source<T>& source, const SourceWindow& window) {
  Cut<T> part{{window.rows, window.cols, {}}, {}};
  const auto cols = static_cast<std::ptrdiff_t>(source.cols);
  for (std::size_t row = 0; row < window.rows; ++row)
    for (std::size_t col = 0; col < window.cols; ++col) {
      const auto from = window.col + static_cast<std::ptrdiff_t>(col);
      const auto at = (static_cast<std::size_t>(window.row) + row) * source.cols +
                      static_cast<std::size_t>(((from % cols) + cols) % cols);
      part.pixels.values.push_back(source.values[at]);
      if (!source.valid.empty()) part.pixels.valid.push_back(source.valid[at]);
    }
  part.view = part.pixels.view();
  part.view.col = window.col;
  part.view.row = window.row;
  return part;
}

template <class T>
Image warped(const WarpGrid& grid, Kernel kernel, const Source<T>& source) {
  Image image{element_type<T>(), 1, grid.rows(), grid.cols()};
  const SourceWindow window = window_for(grid, kernel);
  const Cut<T> part = cut(source, window);
  warp(grid, kernel, part.view, image);
  return image;
}

template <class T>
Source<T> noise(std::size_t rows, std::size_t cols, bool holes = false) {
  std::mt19937 random{static_cast<unsigned>(rows * cols)};
  Source<T> source{rows, cols, std::vector<T>(rows * cols)};
  for (T& value : source.values) {
    if constexpr (std::is_floating_point_v<T>)
      value = static_cast<T>(100.0 + static_cast<double>(random() % 100'000) / 7);
    else if constexpr (sizeof(T) <= 2)
      value = static_cast<T>(random());
    else
      value = static_cast<T>(random() % 1'000'000'000);
  }
  if (holes)
    for (std::size_t i = 0; i < rows * cols; ++i)
      source.valid.push_back(random() % 5 == 0 ? 0 : 1);
  return source;
}

// A picture over a level of the same system: the pixel (col, row) of the picture shows
// affine(col, row) of the level.
inline WarpGrid plain_grid(const Affine& shows, std::size_t rows, std::size_t cols,
                           std::size_t level_rows, std::size_t level_cols) {
  const Crs& crs = Crs::web_mercator();
  const auto height = static_cast<double>(rows);
  const WarpTarget target{{0, 0, static_cast<double>(cols), height}, crs, rows, cols};
  // picture pixel -> map is (x, height - y); the level is placed so that it fits
  const Affine inverse = shows.inverse();
  const WarpLevel level{
      {inverse.a, inverse.b, inverse.c, -inverse.d, -inverse.e, height - inverse.f},
      level_rows,
      level_cols};
  return {WarpMap{target, crs}, level};
}

}  // namespace terrazzo::raster
