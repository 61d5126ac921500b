#include "terrazzo/formats/cog.hpp"

#include <cpl_conv.h>
#include <cpl_string.h>
#include <cpl_vsi.h>
#include <gdal.h>
#include <gdal_utils.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <numeric>
#include <utility>

#include "terrazzo/base/aside.hpp"
#include "terrazzo/base/log.hpp"
#include "terrazzo/formats/gdal_file.hpp"

namespace terrazzo::formats {
namespace {

namespace fs = std::filesystem;

constexpr double memory_pixels = 10980.0 * 10980.0;
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
  CPLStringList words;
  const auto add = [&](const std::string& word) { words.AddString(word.c_str()); };
  add("-of");
  add("VRT");
  for (const int band : bands) {
    add("-b");
    add(std::to_string(band));
  }
  add("-mask");
  add(mask.empty() ? "none" : mask);
  GDALTranslateOptions* options = GDALTranslateOptionsNew(words.List(), nullptr);
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
  CPLStringList words;
  const auto add = [&](const char* key, const std::string& value) {
    words.AddString(key);
    words.AddString(value.c_str());
  };
  add("-of", "GTiff");
  add("-t_srs", "EPSG:3857");
  add("-r", options.resampling_method == "nearest" ? "near" : options.resampling_method);
  words.AddString("-dstalpha");
  words.AddString("-nosrcalpha");
  if (has_mask) add("-srcnodata", "None");
  if (nodata) add("-dstnodata", fmt::format("{}", *nodata));
  add("-wo", "UNIFIED_SRC_NODATA=YES");
  for (const auto* option : {"TILED=YES", "BIGTIFF=IF_SAFER", "INTERLEAVE=PIXEL"})
    add("-co", option);
  GDALWarpAppOptions* warp = GDALWarpAppOptionsNew(words.List(), nullptr);
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

CPLStringList creation_options(const CogOptions& options) {
  CPLStringList words;
  std::string compression = options.compression;
  if (compression == "auto") compression = gdal_has_zstd() ? "zstd" : "deflate";
  words.SetNameValue("COMPRESS", compression.c_str());  // in any case
  if (compression == "zstd") words.SetNameValue("LEVEL", "9");
  words.SetNameValue("BLOCKSIZE", "256");
  words.SetNameValue("BIGTIFF", "IF_SAFER");
  words.SetNameValue("OVERVIEWS", "IGNORE_EXISTING");
  words.SetNameValue("OVERVIEW_RESAMPLING", options.resampling_method.c_str());
  words.SetNameValue("NUM_THREADS", options.threads == 0
                                        ? "ALL_CPUS"
                                        : std::to_string(options.threads).c_str());
  return words;
}

// GDAL tells of a full disk when it closes the file, if not before.
void write_to(const std::string& path, GDALDatasetH source, const CogOptions& options,
              const std::string& input, Reporter& reporter) {
  const GdalErrors errors;
  const CPLStringList words = creation_options(options);
  DatasetPtr written{GDALCreateCopy(GDALGetDriverByName("COG"), path.c_str(), source,
                                    FALSE, const_cast<char**>(words.List()), report,
                                    &reporter)};
  const bool done = written != nullptr;
  written.reset();
  reporter.stop_if_asked();
  if (!done || !errors.empty()) throw work_error(errors, input);
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

void copy_out(const std::string& from, const fs::path& to) {
  vsi_l_offset size = 0;
  const GByte* bytes = VSIGetMemFileBuffer(from.c_str(), &size, FALSE);
  if (bytes == nullptr)
    throw failure(ErrorKind::unavailable, "there is not enough memory");
  write_file(to, {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)});
}

// What one call of write_cog goes through; steps in the order of the members.
class CogWork {
 public:
  CogWork(std::string input, const fs::path& output, const CogOptions& options,
          Reporter& reporter)
      : options_(options),
        reporter_(reporter),
        input_(std::move(input)),
        aside_(output) {}

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
    const auto facts = read_facts(source_.get(), input_, identity);
    bands_ = kept_bands(options_, *facts);
    if (options_.reproject && !facts->info.crs)
      throw failure(ErrorKind::unsupported, "'{}' is not georeferenced", facts->name());
    if (!facts->info.crs)
      log::warning(
          "a raster has no coordinate system: it is optimised, but cannot be "
          "catalogued or shown on a map",
          {{"file", input_}});
    nodata_ = facts->info.bands[static_cast<std::size_t>(bands_.front() - 1)].nodata;
    for (const int band : bands_)
      labels_.push_back(facts->info.bands[static_cast<std::size_t>(band - 1)].labels);
    const std::string mask = mask_for(*facts, bands_);
    has_mask_ = !mask.empty();
    picked_ = must(view(source_.get(), bands_, mask));
    const double pixels = static_cast<double>(facts->info.rows) *
                          static_cast<double>(facts->info.cols) *
                          static_cast<double>(bands_.size());
    in_memory_ = options_.in_memory.value_or(pixels < memory_pixels);
  }

  void reproject() {
    const GdalErrors errors;
    reporter_.part(0, warped_part);
    const std::string path =
        in_memory_ ? memory_.file("warped.tif") : aside_.file("warped.tmp").string();
    warped_ = warp_to(path, picked_.get(), options_, has_mask_, nodata_, reporter_);
    reporter_.stop_if_asked();
    if (warped_) GDALFlushCache(warped_.get());
    if (!warped_ || !errors.empty()) throw work_error(errors, input_);
    std::vector<int> all(bands_.size());
    std::iota(all.begin(), all.end(), 1);
    picked_ = must(view(warped_.get(), all, std::to_string(bands_.size() + 1)));
  }

  void write() {
    for (std::size_t i = 0; i < labels_.size(); ++i)
      keep_labels(picked_.get(), static_cast<int>(i) + 1, labels_[i]);
    reporter_.part(options_.reproject ? warped_part : 0, written_part);
    const fs::path made = aside_.file("tmp");
    if (!in_memory_)
      return write_to(made.string(), picked_.get(), options_, input_, reporter_);
    const std::string buffer = memory_.file("made.tif");
    write_to(buffer, picked_.get(), options_, input_, reporter_);
    copy_out(buffer, made);
  }

  DatasetPtr must(DatasetPtr made) const {
    if (!made)
      throw failure(ErrorKind::unsupported, "'{}' cannot be copied", short_name(input_));
    return made;
  }

  const CogOptions& options_;
  Reporter& reporter_;
  std::string input_;
  AsideFiles aside_;
  MemoryFolder memory_;
  DatasetPtr source_;
  DatasetPtr warped_;
  DatasetPtr picked_;  // a view of source_ or warped_
  std::vector<int> bands_;
  std::vector<std::map<double, std::string>> labels_;  // of the kept bands
  std::optional<double> nodata_;
  bool has_mask_ = false;
  bool in_memory_ = false;
};

}  // namespace

void write_cog(const fs::path& input, const fs::path& output, const CogOptions& options,
               const Progress& progress, const Context& context) {
  set_up_gdal();
  CogOptions checked = options;
  FactChecker checker;
  checked.fields(checker);
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
  CogWork{source, output, options, reporter}.run();
  if (progress) progress(1);
}

}  // namespace terrazzo::formats
