#pragma once
// The lean path to rasters: TIFF files from any byte source, without GDAL.

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "terrazzo/base/budget.hpp"
#include "terrazzo/io/disk_cache.hpp"
#include "terrazzo/io/header_store.hpp"
#include "terrazzo/io/raster.hpp"

namespace terrazzo::io {

struct TiffOptions {
  std::size_t block_bytes = std::size_t{256} << 20U;  // of decoded blocks that are kept
  std::size_t open_files = 512;                       // whose directories are kept
  // If there is one, blocks and directories are kept in shares of it instead.
  std::shared_ptr<Budget> budget{};
  std::shared_ptr<HeaderStore> headers{};  // of remote files; null: none outlive us
  std::shared_ptr<DiskCache> disk{};       // of remote files' bytes; null: there is none
  std::function<std::chrono::steady_clock::time_point()> now =
      std::chrono::steady_clock::now;  // what remote files are believed by; for tests
};

// What a remote file was found to be is believed for a minute, then one request asks
// again, whoever waits. If its server does not answer that within 5 seconds it is taken
// to be what it was, and asked 10 seconds later.
//
// Opens what it can read; throws unsupported for everything else, so that another opener
// can try: other formats, and TIFFs that are described in read_geotiff().
std::unique_ptr<RasterOpener> tiff_opener(const TiffOptions& options = {});

}  // namespace terrazzo::io
