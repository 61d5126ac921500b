#include "terrazzo/io/tiff_opener.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "terrazzo/io/tiff_files.hpp"
#include "terrazzo/io/tiff_raster.hpp"

namespace terrazzo::io {
namespace {

// Of a budget's share at the beginning; encoded pictures have 3.
constexpr double weight = 3;

// A cache has the fewer locks, and so room for larger blocks, the less it is.
std::size_t bytes_at_first(const TiffOptions& options) {
  return options.budget ? options.budget->max_bytes() / 8 : options.block_bytes;
}

// The caller decodes too. Helpers step behind threads that answer at once.
std::shared_ptr<Pool> decoding_helpers() {
  constexpr int niceness = 5;
  const std::size_t processors = std::max(std::thread::hardware_concurrency(), 1U);
  return std::make_shared<Pool>(processors - 1, 0, niceness);
}

class TiffOpener : public RasterOpener {
 public:
  explicit TiffOpener(const TiffOptions& options)
      : files_(std::make_shared<TiffFiles>(options)),
        store_(
            std::make_shared<BlockStore>(bytes_at_first(options), decoding_helpers())) {
    if (options.budget) store_->join(*options.budget, weight);
  }

  std::shared_ptr<const Raster> open(const std::string& uri, int band,
                                     const Context& context) const override {
    // Rasters outlive their opener.
    auto reopen = [files = files_, uri](const Context& patience) {
      return files->open_anew(uri, patience);
    };
    return tiff_raster(files_->open(uri, context), store_, band, std::move(reopen));
  }

  Generation generation(const std::string& uri, const Context& context) const override {
    return files_->generation(uri, context);
  }

 private:
  std::shared_ptr<TiffFiles> files_;
  std::shared_ptr<BlockStore> store_;
};

}  // namespace

std::unique_ptr<RasterOpener> tiff_opener(const TiffOptions& options) {
  return std::make_unique<TiffOpener>(options);
}

}  // namespace terrazzo::io
