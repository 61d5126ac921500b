#pragma once
// What every reader of rasters offers, whichever library is behind it.

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "terrazzo/base/context.hpp"
#include "terrazzo/data/color.hpp"
#include "terrazzo/data/geo.hpp"
#include "terrazzo/data/image.hpp"

namespace terrazzo::io {

enum class Resampling : std::uint8_t { nearest, linear, cubic, average };

struct BandInfo {
  ElementType type = ElementType::uint8;
  std::optional<double> nodata{};  // of 64-bit integers, the nearest double
  std::optional<std::uint64_t>
      nodata_bits{};  // 64-bit integers: exactly, two's complement
  std::string description{};
  double scale = 1;
  double offset = 0;
  std::vector<Color> color_table{};        // by value 0..; empty if there is none
  std::map<double, std::string> labels{};  // of classes, from a table or category names
};

struct RasterInfo {
  std::size_t rows = 0;
  std::size_t cols = 0;
  Affine affine{};
  std::optional<Crs> crs{};  // empty: not georeferenced
  std::vector<BandInfo> bands{};
  bool has_mask = false;  // per-dataset mask or alpha band
  std::size_t block_rows = 0;
  std::size_t block_cols = 0;
  std::vector<std::size_t> overviews{};  // factors: 2, 4, 8 …
  std::string format{};                  // "GTiff"
  std::string compression{};             // "DEFLATE"; empty for none
};

// Pixels of the file's own grid; col + cols and row + rows stay inside it.
struct Window {
  std::size_t col = 0;
  std::size_t row = 0;
  std::size_t cols = 0;
  std::size_t rows = 0;
};

// A picture of `box` in `crs`, `rows` x `cols`.
struct WarpedRead {
  Box box{};
  Crs crs = Crs::web_mercator();
  std::size_t rows = 256;
  std::size_t cols = 256;
  Resampling resampling = Resampling::average;   // when pixels are made larger ones
  Resampling reprojection = Resampling::linear;  // from grid to grid

  // Where damaged blocks are counted that the picture leaves out: their pixels are not
  // valid. Null: one of them is an error.
  std::size_t* holes = nullptr;
};

// One band of one open file. Safe from any thread.
class Raster {
 public:
  virtual ~Raster() = default;
  virtual const RasterInfo& info() const = 0;
  virtual int band() const = 0;  // from 1

  // The window, reduced to rows x cols by nearest neighbour. NaN, infinite, nodata
  // and masked pixels are not valid.
  // Throws corrupt_data: the file cannot be decoded there. unavailable: it is gone.
  //        cancelled, timeout: the context ended; looked at while it reads.
  virtual Image read(const Window& window, std::size_t rows, std::size_t cols,
                     const Context& context = {}) const = 0;

  // Empty if the raster covers less than 1 % of the box in either direction.
  // Throws as read(); unsupported: the raster is not georeferenced.
  virtual std::optional<Image> read_warped(const WarpedRead& request,
                                           const Context& context = {}) const = 0;
};

// Which content a file has, as far as that is known without reading it.
struct Generation {
  std::string text{};                             // empty: unknown
  std::chrono::steady_clock::time_point until{};  // so long nobody is asked again
};

class RasterOpener {
 public:
  virtual ~RasterOpener() = default;
  // band counts from 1.
  // Throws not_found: no such file. corrupt_data: not a raster, or truncated.
  // invalid_input: it has no such band. unsupported: a kind this opener cannot read.
  // cancelled, timeout: the context ended before a server answered.
  virtual std::shared_ptr<const Raster> open(const std::string& uri, int band = 1,
                                             const Context& context = {}) const = 0;

  // Of a file on another machine, the same on every machine that asks while its content
  // is the same. By default unknown.
  // Throws as open(), but for files that this opener cannot read: theirs is unknown.
  virtual Generation generation(const std::string& /*uri*/,
                                const Context& /*context*/ = {}) const {
    return {};
  }
};

}  // namespace terrazzo::io
