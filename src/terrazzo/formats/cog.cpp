#include "terrazzo/formats/cog.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <numeric>
#include <thread>
#include <utility>

#include "terrazzo/base/aside.hpp"
#include "terrazzo/base/log.hpp"
#include "terrazzo/base/pool.hpp"
#include "terrazzo/base/text.hpp"
#include "terrazzo/formats/cog_tags.hpp"
#include "terrazzo/formats/gdal_file.hpp"
#include "terrazzo/formats/gdal_library.hpp"
#include "terrazzo/formats/gdal_strips.hpp"
#include "terrazzo/io/cog_writer.hpp"
#include "terrazzo/io/nodata.hpp"
#include "terrazzo/io/tiff_strips.hpp"

namespace terrazzo::formats {
namespace {

namespace fs = std::filesystem;

constexpr double memory_pixels = 4096.0 * 4096.0;
constexpr double warped_part = 0.5;  // of the progress, if there is warping
constexpr double written_part = 0.98;

// Carries progress out of GDAL, and the wish to stop into it. GDAL counts anew for some
// of its steps; what is told never goes back.
struct Reporter {
  const Progress& progress;
  const Context& context;
  double from = 0;
  double to = 1;
  double told = 0;
  std::exception_ptr problem{};

  void part(double start, double end) {
    from = start;
    to = end;
  }
  void stop_if_asked() const {
    if (problem) std::rethrow_exception(problem);
    context.check();
  }
};

int CPL_STDCALL report(double done, const char*, void* data) {
  auto& reporter = *static_cast<Reporter*>(data);
  try {
    reporter.context.check();
    reporter.told =
        std::max(reporter.told, reporter.from + (reporter.to - reporter.from) * done);
    if (reporter.progress) reporter.progress(reporter.told);
    return TRUE;
  } catch (...) {  // may not pass through GDAL
    reporter.problem = std::current_exception();
    return FALSE;
  }
}

// Files in GDAL's memory, removed with the object.
class MemoryFolder {
 public:
  MemoryFolder() {
    static std::atomic<unsigned> count = 0;
    path_ = fmt::format("/vsimem/terrazzo-cog-{}", ++count);
  }
  ~MemoryFolder() { VSIRmdirRecursive(path_.c_str()); }
  MemoryFolder(const MemoryFolder&) = delete;
  MemoryFolder& operator=(const MemoryFolder&) = delete;
  std::string file(std::string_view name) const {
    return fmt::format("{}/{}", path_, name);
  }

 private:
  std::string path_;
};

struct FactChecker {
  template <class T>
  void operator()(std::string_view name, const T& value, std::string_view,
                  const Facts& facts = {}) {
    if constexpr (!is_optional<T>) check_facts("making a COG", name, Json(value), facts);
  }
};

// Reading and writing go on at once, so the words tell which of them failed.
Error work_error(const GdalErrors& errors, const std::string& input) {
  if (errors.mention({"permission denied", "read-only file system"}))
    return errors.explain(
        failure(ErrorKind::denied, "the folder of the output may not be written"));
  if (errors.mention({"write error", "error writing", "while writing", "failed to write",
                      "cannot write", "write failed", "tiffwrite", "tiffappend",
                      "writeencoded", "no space left", "disk quota", "file too large"}))
    return errors.explain(failure(ErrorKind::unavailable,
                                  "the output cannot be written; its disk may be full"));
  if (errors.mention({"out of memory", "cannot allocate"}))
    return errors.explain(failure(ErrorKind::unavailable, "there is not enough memory"));
  return errors.explain(
      failure(ErrorKind::corrupt_data, "'{}' cannot be decoded", short_name(input)));
}

std::vector<int> kept_bands(const CogOptions& options, const FileFacts& facts) {
  const int count = static_cast<int>(facts.info.bands.size());
  std::vector<int> bands = options.bands;
  if (bands.empty()) {
    bands.resize(facts.info.bands.size());
    std::iota(bands.begin(), bands.end(), 1);
  }
  for (const int band : bands)
    if (band < 1 || band > count)
      throw invalid("'{}' has bands 1 to {}, not band {}", facts.name(), count, band);
  return bands;
}

// A view of some bands and a mask; "" for none. `source` must outlive it.
DatasetPtr view(GDALDatasetH source, const std::vector<int>& bands,
                const std::string& mask) {
  GdalWords words{"-of", "VRT", "-mask", mask.empty() ? "none" : mask};
  for (const int band : bands) {
    words.add("-b");
    words.add(std::to_string(band));
  }
  GDALTranslateOptions* options = GDALTranslateOptionsNew(words.list(), nullptr);
  DatasetPtr made{GDALTranslate("", source, options, nullptr)};
  GDALTranslateOptionsFree(options);
  return made;
}

// One band gets a mask of its own whatever marks its missing pixels. Several bands share
// one only if the source has it: their nodata may lie in different places.
std::string mask_for(const FileFacts& facts, const std::vector<int>& bands) {
  const int first = bands.front();
  for (const int band : bands)
    if (band == facts.alpha_band) return {};
  const bool shared = facts.has_mask[static_cast<std::size_t>(first - 1)];
  return bands.size() == 1 || shared ? fmt::format("mask,{}", first) : std::string{};
}

// Writes the view in web mercator, with one more band for the mask.
DatasetPtr warp_to(const std::string& path, GDALDatasetH source,
                   const CogOptions& options, bool has_mask, std::optional<double> nodata,
                   Reporter& reporter) {
  GdalWords words{"-of", "GTiff", "-t_srs", "EPSG:3857", "-dstalpha", "-nosrcalpha"};
  const auto add = [&](std::string_view key, std::string_view value) {
    words.add(key);
    words.add(value);
  };
  add("-r", options.resampling_method == "nearest" ? "near" : options.resampling_method);
  if (has_mask) add("-srcnodata", "None");
  if (nodata) add("-dstnodata", fmt::format("{}", *nodata));
  add("-wo", "UNIFIED_SRC_NODATA=YES");
  for (const auto* option : {"TILED=YES", "BIGTIFF=IF_SAFER", "INTERLEAVE=PIXEL"})
    add("-co", option);
  GDALWarpAppOptions* warp = GDALWarpAppOptionsNew(words.list(), nullptr);
  GDALWarpAppOptionsSetProgress(warp, report, &reporter);
  DatasetPtr warped{GDALWarp(path.c_str(), nullptr, 1, &source, warp, nullptr)};
  GDALWarpAppOptionsFree(warp);
  return warped;
}

bool gdal_has_zstd() {
  const char* options = GDALGetMetadataItem(GDALGetDriverByName("GTiff"),
                                            GDAL_DMD_CREATIONOPTIONLIST, nullptr);
  return options != nullptr &&
         std::string_view{options}.find("ZSTD") != std::string_view::npos;
}

const io::EncoderKind& encoder_of(const CogOptions& options) {
  std::string name = options.compression;
  if (name == "auto") name = gdal_has_zstd() ? "zstd" : "deflate";
  return find_kind(io::encoder_kinds(), upper_case(name.substr(0, name.find('_'))));
}

raster::Reduction reduction_of(const CogOptions& options, const io::BandInfo& band) {
  const bool classes = !band.color_table.empty() || !band.labels.empty();
  const std::string& method = options.resampling_method;
  if (method == "nearest" || (method == "average" && classes))
    return raster::Reduction::nearest;
  if (method == "bilinear") return raster::Reduction::bilinear;
  return method == "cubic" ? raster::Reduction::cubic : raster::Reduction::average;
}

io::Effort effort_of(const CogOptions& options) {
  io::Effort effort;
  effort.level = options.level;
  effort.quality = options.quality;
  effort.lossless = options.quality == 100;
  effort.max_error = options.max_error;
  if (options.compression == "lerc_deflate") effort.lerc_added = 1;
  if (options.compression == "lerc_zstd") effort.lerc_added = 2;
  return effort;
}

// Besides the thread that calls.
std::size_t helper_count(int threads) {
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  return (threads == 0 ? cores : static_cast<std::size_t>(threads)) - 1;
}

bool same_nodata(const io::BandInfo& a, const io::BandInfo& b) {
  if (!a.nodata || !b.nodata) return a.nodata.has_value() == b.nodata.has_value();
  return *a.nodata == *b.nodata || (std::isnan(*a.nodata) && std::isnan(*b.nodata));
}

// The file by the own reader, if that knows it and sees in it what GDAL does.
std::unique_ptr<io::StripSource> own_strips(const FileFacts& facts,
                                            const std::vector<int>& bands, bool masked,
                                            Pool& pool) {
  if (facts.info.format != "GTiff" || is_virtual(facts.path)) return nullptr;
  try {
    auto bytes = io::open_bytes(facts.path);
    io::GeoTiff file = io::read_geotiff(*bytes);
    const std::size_t first = static_cast<std::size_t>(bands.front() - 1);
    const bool same = file.info.rows == facts.info.rows &&
                      file.info.cols == facts.info.cols &&
                      file.info.bands.size() == facts.info.bands.size() &&
                      file.info.bands[first].type == facts.info.bands[first].type &&
                      same_nodata(file.info.bands[first], facts.info.bands[first]) &&
                      (file.mask_samples != 0) == facts.has_mask[first];
    if (!same) return nullptr;
    return io::tiff_strips(std::move(bytes), std::move(file), {bands, masked}, pool);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::unsupported) throw;
    return nullptr;
  }
}

// The disk may have lied: the file is opened anew and its layout looked at.
void check_written(const fs::path& path, std::size_t bands) {
  try {
    const CogReport report = validate_cog(path.string());
    const DatasetPtr written = open_dataset(path.string());
    if (report.valid && GDALGetRasterCount(written.get()) == static_cast<int>(bands))
      return;
    Error error = failure(ErrorKind::unavailable, "the output was not written whole");
    for (const std::string& reason : report.errors) error.note("{}", reason);
    throw error;
  } catch (Error& error) {
    if (error.kind() == ErrorKind::unavailable) throw;
    Error lost = failure(ErrorKind::unavailable, "the output cannot be read back");
    lost.note("{}", error.what());
    throw lost;
  }
}

// Blocks that GDAL decodes are wanted once; by default it keeps 5 % of the machine's
// memory of them.
void bound_block_cache(const io::RasterInfo& info) {
  constexpr std::size_t usual = std::size_t{128} << 20U;
  if (CPLGetConfigOption("GDAL_CACHEMAX", nullptr) != nullptr) return;
  const std::size_t pixel_bytes = info.bands.size() * size_of(info.bands.front().type);
  const std::size_t row_of_blocks = info.block_rows * info.cols * pixel_bytes;
  const auto enough = static_cast<GIntBig>(std::max(usual, 4 * row_of_blocks));
  if (GDALGetCacheMax64() > enough) GDALSetCacheMax64(enough);
}

// What one call of write_cog goes through; steps in the order of the members.
class CogWork {
 public:
  // measured: gets what the pixels show; null: nobody wants to know.
  CogWork(std::string input, const fs::path& output, const CogOptions& options,
          Reporter& reporter, io::MeasuredPixels* measured)
      : options_(options),
        reporter_(reporter),
        measured_(measured),
        input_(std::move(input)),
        aside_(output),
        helpers_(helper_count(options.threads), 0) {}

  void run() {
    open();
    if (options_.reproject) reproject();
    write();
    const fs::path made = aside_.file("tmp");
    check_written(made, bands_.size());
    reporter_.stop_if_asked();
    aside_.publish(made, options_.overwrite == "replace");
  }

 private:
  void open() {
    const FileIdentity identity = file_identity(input_);
    source_ = open_dataset(input_);
    facts_ = read_facts(source_.get(), input_, identity);
    bound_block_cache(facts_->info);
    bands_ = kept_bands(options_, *facts_);
    // JPEG would blur alpha; it becomes the mask.
    if (options_.compression == "jpeg" && bands_.size() > 1)
      std::erase(bands_, facts_->alpha_band);
    if (options_.reproject && !facts_->info.crs)
      throw failure(ErrorKind::unsupported, "'{}' is not georeferenced", facts_->name());
    if (!facts_->info.crs)
      log::warning(
          "a raster has no coordinate system: it is optimised, but cannot be "
          "catalogued or shown on a map",
          {{"file", input_}});
    const std::string mask = mask_for(*facts_, bands_);
    has_mask_ = !mask.empty();
    picked_ = must(view(source_.get(), bands_, mask));
    const double pixels = static_cast<double>(facts_->info.rows) *
                          static_cast<double>(facts_->info.cols) *
                          static_cast<double>(bands_.size());
    in_memory_ = options_.in_memory.value_or(pixels < memory_pixels);
  }

  void reproject() {
    const GdalErrors errors;
    reporter_.part(0, warped_part);
    const std::string path =
        in_memory_ ? memory_.file("warped.tif") : aside_.file("warped.tmp").string();
    warped_ =
        warp_to(path, picked_.get(), options_, has_mask_, first_band().nodata, reporter_);
    reporter_.stop_if_asked();
    if (warped_) GDALFlushCache(warped_.get());
    if (!warped_ || !errors.empty()) throw work_error(errors, input_);
    std::vector<int> all(bands_.size());
    std::iota(all.begin(), all.end(), 1);
    picked_ = must(view(warped_.get(), all, std::to_string(bands_.size() + 1)));
    has_mask_ = true;
  }

  void write() {
    for (std::size_t i = 0; i < bands_.size(); ++i)
      keep_labels(picked_.get(), static_cast<int>(i) + 1, band(bands_[i]).labels);
    io::CogTags tags = cog_tags(picked_.get(), facts_->name());
    if (first_band().nodata && io::type_holds(first_band().type, *first_band().nodata))
      tags.nodata = first_band().nodata;
    const auto rows = strips_of();
    std::optional<io::MeasuredStrips> measured;
    if (measured_ != nullptr) measured.emplace(*rows, kept_infos(), alpha_sample());
    io::StripSource& strips = measured ? *measured : *rows;
    reporter_.part(options_.reproject ? warped_part : 0, written_part);
    io::write_cog(
        strips, tags, format(), aside_, aside_.file("tmp"), helpers_,
        [&](double done) {
          report(done, nullptr, &reporter_);
          reporter_.stop_if_asked();
        },
        reporter_.context);
    if (measured) *measured_ = measured->take();
  }

  std::vector<io::BandInfo> kept_infos() const {
    std::vector<io::BandInfo> infos;
    for (const int number : bands_) infos.push_back(band(number));
    return infos;
  }

  std::optional<std::size_t> alpha_sample() const {
    const auto alpha = std::ranges::find(bands_, facts_->alpha_band);
    if (alpha == bands_.end() || options_.reproject) return std::nullopt;
    return static_cast<std::size_t>(alpha - bands_.begin());
  }

  std::unique_ptr<io::StripSource> strips_of() {
    if (!options_.reproject)
      if (auto strips = own_strips(*facts_, bands_, has_mask_, helpers_)) return strips;
    return gdal_strips(picked_.get(), first_band().type, has_mask_, facts_->name());
  }

  io::CogFormat format() const {
    io::CogFormat format;
    format.encoder = &encoder_of(options_);
    format.effort = effort_of(options_);
    const auto& info = first_band();
    if (format.encoder->lossy_colors && !info.color_table.empty())
      throw failure(ErrorKind::unsupported,
                    "'{}' has a colour table; {} would change which colours are meant",
                    facts_->name(), options_.compression);
    format.reduction = reduction_of(options_, info);
    format.measures_predictor = info.color_table.empty() && info.labels.empty();
    format.alpha = alpha_sample();
    format.spills_to_memory = in_memory_;
    return format;
  }

  const io::BandInfo& band(int number) const {
    return facts_->info.bands[static_cast<std::size_t>(number - 1)];
  }
  const io::BandInfo& first_band() const { return band(bands_.front()); }

  DatasetPtr must(DatasetPtr made) const {
    if (!made)
      throw failure(ErrorKind::unsupported, "'{}' cannot be copied", short_name(input_));
    return made;
  }

  const CogOptions& options_;
  Reporter& reporter_;
  io::MeasuredPixels* const measured_;
  std::string input_;
  AsideFiles aside_;
  Pool helpers_;
  MemoryFolder memory_;
  DatasetPtr source_;
  std::shared_ptr<const FileFacts> facts_;
  DatasetPtr warped_;
  DatasetPtr picked_;  // a view of source_ or warped_
  std::vector<int> bands_;
  bool has_mask_ = false;
  bool in_memory_ = false;
};

void write(const fs::path& input, const fs::path& output, const CogOptions& options,
           const Progress& progress, const Context& context,
           io::MeasuredPixels* measured) {
  set_up_gdal();
  CogOptions checked = options;
  FactChecker checker;
  checked.fields(checker);
  constexpr int most_deflate = 12;
  if (options.compression == "deflate" && options.level.value_or(1) > most_deflate)
    throw invalid("'level' of deflate cannot be {}; it is 1 to {}", *options.level,
                  most_deflate);
  const std::string source = gdal_path(input.string());
  std::error_code ignored;
  const fs::file_status there = fs::status(output, ignored);
  if (fs::is_directory(there))
    throw failure(ErrorKind::conflict, "the output '{}' is a folder",
                  output.filename().string());
  if (fs::exists(there) && options.overwrite == "refuse")
    throw failure(ErrorKind::conflict, "the output '{}' exists",
                  output.filename().string());
  context.check();

  // Nothing is written beside the output but what the work says.
  const ThreadOption no_side_files{"GDAL_PAM_ENABLED", "NO"};
  Reporter reporter{progress, context};
  CogWork{source, output, options, reporter, measured}.run();
  if (progress) progress(1);
}

}  // namespace

void write_cog(const fs::path& input, const fs::path& output, const CogOptions& options,
               const Progress& progress, const Context& context) {
  write(input, output, options, progress, context, nullptr);
}

io::MeasuredPixels write_measured_cog(const fs::path& input, const fs::path& output,
                                      const CogOptions& options, const Progress& progress,
                                      const Context& context) {
  io::MeasuredPixels measured;
  write(input, output, options, progress, context, &measured);
  return measured;
}

}  // namespace terrazzo::formats
