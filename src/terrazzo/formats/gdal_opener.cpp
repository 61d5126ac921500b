#include "terrazzo/formats/gdal_opener.hpp"

#include <limits>
#include <mutex>
#include <utility>

#include "terrazzo/formats/gdal_file.hpp"
#include "terrazzo/formats/gdal_library.hpp"
#include "terrazzo/formats/gdal_warp.hpp"
#include "terrazzo/io/nodata.hpp"

namespace terrazzo::formats {
namespace {

// The pool is shared with the opener, so a raster may outlive it.
class GdalRaster : public io::Raster {
 public:
  GdalRaster(std::shared_ptr<HandlePool> pool, std::shared_ptr<const FileFacts> facts,
             int band)
      : pool_(std::move(pool)), facts_(std::move(facts)), band_(band) {}

  const io::RasterInfo& info() const override { return facts_->info; }
  int band() const override { return band_; }
  Image read(const io::Window& window, std::size_t rows, std::size_t cols,
             const Context& context) const override;
  std::optional<Image> read_warped(const io::WarpedRead& request,
                                   const Context& context) const override;

 private:
  const io::BandInfo& band_info() const {
    return facts_->info.bands[static_cast<std::size_t>(band_ - 1)];
  }
  OpenFile borrow() const;

  std::shared_ptr<HandlePool> pool_;
  std::shared_ptr<const FileFacts> facts_;
  int band_;
};

// A handle of the very file this raster was opened from.
OpenFile GdalRaster::borrow() const {
  if (auto idle = pool_->take(facts_->path, facts_->identity)) {
    idle->facts = facts_;
    return std::move(*idle);
  }
  const auto unchanged = [&] {
    return is_remote(facts_->path) || file_identity(facts_->path) == facts_->identity;
  };
  try {
    if (unchanged()) {
      OpenFile file{open_dataset(facts_->path), facts_};
      if (unchanged()) return file;
    }
  } catch (Error& error) {
    if (error.kind() != ErrorKind::not_found) throw;
    Error gone = failure(ErrorKind::unavailable, "'{}' is gone", facts_->name());
    gone.note("{}", error.what());
    throw gone;
  }
  throw failure(ErrorKind::unavailable, "'{}' was replaced while it was being read",
                facts_->name());
}

void check_window(const io::RasterInfo& info, const io::Window& window, std::size_t rows,
                  std::size_t cols) {
  const auto inside = [](std::size_t start, std::size_t length, std::size_t whole) {
    return length > 0 && start < whole && length <= whole - start;
  };
  if (!inside(window.col, window.cols, info.cols) ||
      !inside(window.row, window.rows, info.rows))
    throw invalid(
        "the window of {} x {} pixels at row {}, column {} is not inside {} x {} pixels",
        window.rows, window.cols, window.row, window.col, info.rows, info.cols);
  constexpr std::size_t most = std::numeric_limits<int>::max();
  if (rows == 0 || cols == 0 || rows > most || cols > most)
    throw invalid("a window cannot be reduced to {} x {} pixels", rows, cols);
}

bool read_nearest(GDALRasterBandH band, const io::Window& window, std::size_t rows,
                  std::size_t cols, void* to, GDALDataType type, const Context& context) {
  GDALRasterIOExtraArg extra;
  INIT_RASTERIO_EXTRA_ARG(extra);
  extra.pfnProgress = goes_on;
  extra.pProgressData = progress_data(context);
  const auto number = [](std::size_t n) { return static_cast<int>(n); };
  return GDALRasterIOEx(band, GF_Read, number(window.col), number(window.row),
                        number(window.cols), number(window.rows), to, number(cols),
                        number(rows), type, 0, 0, &extra) == CE_None;
}

Image GdalRaster::read(const io::Window& window, std::size_t rows, std::size_t cols,
                       const Context& context) const {
  check_window(facts_->info, window, rows, cols);
  context.check();
  Image image{band_info().type, 1, rows, cols};
  Lease lease{*pool_, borrow()};
  const GdalErrors errors;
  GDALRasterBandH band = GDALGetRasterBand(lease.dataset(), band_);
  bool done = read_nearest(band, window, rows, cols, image.bytes().data(),
                           GDALGetRasterDataType(band), context);
  if (done && facts_->has_mask[static_cast<std::size_t>(band_ - 1)])
    done = read_nearest(GDALGetMaskBand(band), window, rows, cols, image.valid().data(),
                        GDT_Byte, context);
  if (!done) {
    context.check();
    throw errors.explain(
        failure(ErrorKind::corrupt_data, "'{}' cannot be decoded here", facts_->name()));
  }
  for (std::uint8_t& valid : image.valid()) valid = valid != 0 ? 1 : 0;
  io::mask_nodata(image, band_info());
  lease.keep();
  return image;
}

std::optional<Image> GdalRaster::read_warped(const io::WarpedRead& request,
                                             const Context& context) const {
  Lease lease{*pool_, borrow()};
  std::optional<Image> image =
      warp_read(lease.dataset(), *facts_, band_, request, context);
  lease.keep();
  return image;
}

void use_server(const S3Server& server) {
  const auto scheme = server.endpoint.find("://");
  std::string host =
      scheme == std::string::npos ? server.endpoint : server.endpoint.substr(scheme + 3);
  while (host.ends_with('/')) host.pop_back();
  CPLSetConfigOption("AWS_S3_ENDPOINT", host.c_str());
  const bool is_secure = server.endpoint.starts_with("https://");
  CPLSetConfigOption("AWS_HTTPS", is_secure ? "YES" : "NO");
  CPLSetConfigOption("AWS_VIRTUAL_HOSTING", "FALSE");
  if (!server.access_key.empty())
    CPLSetConfigOption("AWS_ACCESS_KEY_ID", server.access_key.c_str());
  if (!server.secret_key.empty())
    CPLSetConfigOption("AWS_SECRET_ACCESS_KEY", server.secret_key.c_str());
}

class GdalOpener : public io::RasterOpener {
 public:
  explicit GdalOpener(const GdalOptions& options)
      : options_(options), pool_(std::make_shared<HandlePool>(options.open_files)) {}

  std::shared_ptr<const io::Raster> open(const std::string& uri, int band,
                                         const Context& context) const override;

 private:
  void set_up() const;
  std::shared_ptr<const FileFacts> facts_of(const std::string& path) const;

  GdalOptions options_;
  mutable std::once_flag is_set_up_;
  std::shared_ptr<HandlePool> pool_;
};

// Once, with the first file.
void GdalOpener::set_up() const {
  std::call_once(is_set_up_, [&] {
    set_up_gdal();
    GDALSetCacheMax64(static_cast<GIntBig>(options_.cache_bytes));
    if (!options_.s3.endpoint.empty()) use_server(options_.s3);
  });
}

std::shared_ptr<const FileFacts> GdalOpener::facts_of(const std::string& path) const {
  const FileIdentity identity = file_identity(path);
  std::optional<OpenFile> file = pool_->take(path, identity);
  if (!file) {
    if (is_remote(path)) VSICurlPartialClearCache(path.c_str());
    DatasetPtr dataset = open_dataset(path);
    auto facts = read_facts(dataset.get(), path, identity);
    file = OpenFile{std::move(dataset), std::move(facts)};
  }
  auto facts = file->facts;
  pool_->give(std::move(*file));
  return facts;
}

std::shared_ptr<const io::Raster> GdalOpener::open(const std::string& uri, int band,
                                                   const Context& context) const {
  context.check();
  const std::string path = gdal_path(uri);
  set_up();
  auto facts = facts_of(path);
  const std::size_t bands = facts->info.bands.size();
  if (band < 1 || static_cast<std::size_t>(band) > bands)
    throw invalid("'{}' has bands 1 to {}, not band {}", facts->name(), bands, band);
  return std::make_shared<GdalRaster>(pool_, std::move(facts), band);
}

}  // namespace

std::unique_ptr<io::RasterOpener> gdal_opener(const GdalOptions& options) {
  return std::make_unique<GdalOpener>(options);
}

}  // namespace terrazzo::formats
