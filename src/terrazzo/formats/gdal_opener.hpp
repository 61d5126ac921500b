#pragma once

#include <memory>
#include <string>

#include "terrazzo/io/raster.hpp"

namespace terrazzo::formats {

// A server of one's own that speaks S3 over plain HTTP.
struct S3Server {
  std::string endpoint{};    // "minio:9000", or a URL of it; empty: there is none
  std::string access_key{};  // empty: as the environment has it
  std::string secret_key{};
};

struct GdalOptions {
  std::size_t open_files = 256;        // datasets kept open over all files
  std::size_t cache_bytes = 64 << 20;  // GDAL's own block cache
  S3Server s3{};                       // for all of the process
};

// Reads whatever GDAL reads. Its read_warped is the exact resampler: the same pixels
// as Terracotta 0.9 (WarpedVRT with 2 pad pixels, then RasterIO). A changed file
// (size or time) is opened anew. Safe from any thread. GDAL is loaded, and told the
// options, when the first raster is opened; open() throws unavailable if it cannot be.
std::unique_ptr<io::RasterOpener> gdal_opener(const GdalOptions& options = {});

}  // namespace terrazzo::formats
