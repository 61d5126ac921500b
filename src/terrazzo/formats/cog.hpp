#pragma once
// Cloud-optimised GeoTIFFs: making one from any raster, and telling if a file is one.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "terrazzo/base/context.hpp"
#include "terrazzo/base/fields.hpp"
#include "terrazzo/io/measured_strips.hpp"

namespace terrazzo::formats {

struct CogOptions {
  std::string compression = "auto";  // zstd where GDAL has it, else deflate
  std::string resampling_method = "average";
  bool reproject = false;            // to EPSG:3857
  std::vector<int> bands{1};         // bands of the input, in order; empty: all
  std::optional<bool> in_memory{};   // none: if it is under 4096 x 4096 pixels
  std::string overwrite = "refuse";  // refuse | replace, if the output exists
  int threads = 1;                   // that work; 0: one per core
  std::optional<int> level{};        // DEFLATE 1..12, ZSTD 1..22; none: a good one
  int quality = 75;                  // JPEG, WEBP; 100: WEBP loses nothing
  double max_error = 0;              // LERC, in values of the pixels

  void fields(auto& f) {
    f("compression", compression, "How blocks are compressed.",
      one_of({"auto", "deflate", "lzw", "zstd", "none", "jpeg", "webp", "lerc",
              "lerc_deflate", "lerc_zstd"}));
    f("resampling_method", resampling_method,
      "How overviews and reprojected pixels are made.",
      one_of({"average", "nearest", "bilinear", "cubic"}));
    f("reproject", reproject, "Reproject to web mercator.");
    f("bands", bands, "Bands that are kept, from 1; none: all.", at_least(1));
    f("in_memory", in_memory,
      "Keep what is done in memory, not in files beside the output.");
    f("overwrite", overwrite, "What to do with an output that exists.",
      one_of({"refuse", "replace"}));
    f("threads", threads, "Threads that work; 0: one for each core.", within(0, 256));
    f("level", level, "How hard deflate (to 12) and zstd (to 22) try.", within(1, 22));
    f("quality", quality, "Of jpeg and webp; 100: webp loses nothing.", within(1, 100));
    f("max_error", max_error, "What lerc may change a value by.", at_least(0));
  }
};

// 0..1, from the thread that works; may be called often.
using Progress = std::function<void(double)>;

// Tiles of 256 x 256, overviews down to one tile, nodata kept. One band always gets a
// mask; several share one only if the input has it. Pixels that are not reprojected are
// those of the input.
//
// Writes aside, syncs, renames: `output` is whole or not there at all; temporary files
// are gone afterwards, whatever happened, and those of a killed run when the next one
// starts.
//
// Throws invalid_input: an option, or a band the input does not have. Throws not_found,
// corrupt_data, unsupported as RasterOpener::open; conflict: the output exists; denied:
// it may not be written; unavailable: disk full; cancelled, timeout by `context`.
void write_cog(const std::filesystem::path& input, const std::filesystem::path& output,
               const CogOptions& options, const Progress& progress = {},
               const Context& context = {});

// The same, and what its pixels show in the same pass: of each band that is kept, in the
// grid of the output.
io::MeasuredPixels write_measured_cog(const std::filesystem::path& input,
                                      const std::filesystem::path& output,
                                      const CogOptions& options,
                                      const Progress& progress = {},
                                      const Context& context = {});

struct CogReport {
  bool valid = false;  // no errors (warnings allowed)
  std::vector<std::string> errors{};
  std::vector<std::string> warnings{};
};

// io::check_cog(), and no overviews beside the file.
// Throws not_found, corrupt_data: it cannot be opened at all.
CogReport validate_cog(const std::string& uri, const Context& context = {});

}  // namespace terrazzo::formats
