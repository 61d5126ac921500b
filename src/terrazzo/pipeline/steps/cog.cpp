#include "terrazzo/formats/cog.hpp"

#include <algorithm>
#include <cmath>

#include "terrazzo/base/text.hpp"
#include "terrazzo/pipeline/pipeline.hpp"

namespace terrazzo::pipeline {
namespace {

struct CogStepOptions {
  std::string to = "cog/{generation}/{stem}.tif";
  std::string profile = "{bands}";
  Json profiles = Json::object();
  bool needs_crs = true;

  void fields(auto& f) {
    f("to", to,
      "The name of the file among the outputs. It holds {generation}, so that a file "
      "never changes under its name.");
    f("profile", profile,
      "Which of the profiles a file gets; {bands} is how many bands it has.");
    f("profiles", profiles,
      "How files are written, by the profiles' names. If none is told: 1, losslessly by "
      "deflate, and 3, as JPEG of quality 85 with a mask where the input has one.");
    f("needs_crs", needs_crs, "Refuse files that say nothing of where they are.");
  }
};

struct ProfileOptions {
  std::string compression = "deflate";
  std::optional<int> level{};
  int quality = 85;
  double max_error = 0;
  std::string resampling_method = "average";
  bool reproject = false;
  std::vector<int> bands{};
  std::optional<int> of_bands{};
  std::vector<std::string> types{};

  void fields(auto& f) {
    f("compression", compression,
      "How blocks are compressed; jpeg, webp (below quality 100) and lerc (with a "
      "max_error) lose a little.",
      one_of({"deflate", "zstd", "lzw", "none", "jpeg", "webp", "lerc", "lerc_deflate",
              "lerc_zstd"}));
    f("level", level, "How hard deflate (1 to 12) and zstd (1 to 22) try.",
      within(1, 22));
    f("quality", quality, "Of jpeg and webp.", within(1, 100));
    f("max_error", max_error, "What lerc may change a value by.", at_least(0));
    f("resampling_method", resampling_method,
      "How overviews and reprojected pixels are made.",
      one_of({"average", "nearest", "bilinear", "cubic"}));
    f("reproject", reproject,
      "Reproject to web mercator, hiding what is beyond the input's edges.");
    f("bands", bands, "Bands that are kept, from 1; none: all.", at_least(1));
    f("of_bands", of_bands, "Refuse files that have another number of bands.",
      at_least(1));
    f("types", types, "Refuse files with other types of values; none: any.",
      one_of({"uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64",
              "float32", "float64"}));
  }
};

formats::CogOptions cog_options(const ProfileOptions& profile) {
  formats::CogOptions options;
  options.compression = profile.compression;
  options.level = profile.level;
  options.quality = profile.quality;
  options.max_error = profile.max_error;
  options.resampling_method = profile.resampling_method;
  options.reproject = profile.reproject;
  options.bands = profile.bands;
  return options;
}

// Are the corners where they were, to half a pixel? Two texts of one reference system
// need not be equal.
bool lies_as(const io::RasterInfo& made, const io::RasterInfo& source) {
  if (made.crs.has_value() != source.crs.has_value()) return false;
  if (!made.crs || *made.crs == *source.crs) return true;
  const Transform back{*made.crs, *source.crs};
  const auto rows = static_cast<double>(source.rows);
  const auto cols = static_cast<double>(source.cols);
  const double pixel = std::hypot(source.affine.a, source.affine.d);
  for (const auto& [col, row] : {Point{0, 0}, Point{cols, 0}, Point{cols, rows}}) {
    const Point there = source.affine(col, row);
    const Point here = back(made.affine(col, row));
    if (!(std::hypot(here.x - there.x, here.y - there.y) < pixel / 2)) return false;
  }
  return true;
}

class CogStep final : public Step {
 public:
  explicit CogStep(const Options& options)
      : given_(options.read<CogStepOptions>()),
        to_(output_template_of(options, "to", given_.to)),
        profile_(template_of(options, "profile", given_.profile)) {
    options.need_object("profiles");
    for (const auto& [name, value] : given_.profiles.items())
      profiles_[name] = options
                            .below("/profiles/" + pointer_part(name),
                                   fmt::format("step 'cog', profile '{}'", shown(name)))
                            .read<ProfileOptions>();
    if (!profiles_.empty()) return;
    profiles_["1"] = {.of_bands = 1};
    profiles_["3"] = {.compression = "jpeg", .of_bands = 3, .types = {"uint8"}};
  }

  std::vector<std::string> wants() const override {
    auto names = to_.names();
    for (const std::string& name : profile_.names())
      if (name != "bands") names.push_back(name);
    return names;
  }
  std::vector<std::string> gives() const override { return {"bands"}; }

  void plan(Item& item, const Tools& tools, const Context& context) const override {
    const auto raster = tools.opener.open(item.current, 1, context);
    const ProfileOptions& profile = checked(item, raster->info());
    item.bands = bands_of(profile, raster->info());
    item.location = output_uri(tools.outputs, to_.fill(item.attributes));
    item.outputs.push_back({{}, item.location});
  }

  void run(Item& item, const Tools& tools, const Context& context) const override {
    const auto raster = tools.opener.open(item.current, 1, context);
    const ProfileOptions& profile = checked(item, raster->info());
    const auto file = item.scratch->file("cog.tif");
    formats::write_cog(item.current, file, cog_options(profile), {}, context);
    const auto made = tools.opener.open(file.string(), 1, context);
    verify(file, context);
    compare(made->info(), raster->info(), profile);
    item.location = output_uri(tools.outputs, to_.fill(item.attributes));
    item.current = file.string();
    item.bands = bands_of(profile, raster->info());
    item.described.clear();
    item.outputs.push_back({file, item.location});
  }

 private:
  static std::size_t bands_of(const ProfileOptions& profile, const io::RasterInfo& info) {
    return profile.bands.empty() ? info.bands.size() : profile.bands.size();
  }

  // The profile of a file that it suits. Throws unsupported.
  const ProfileOptions& checked(Item& item, const io::RasterInfo& info) const {
    const auto& file = item.attributes["file"];
    item.attributes["bands"] = std::to_string(info.bands.size());
    if (given_.needs_crs && !info.crs)
      throw failure(ErrorKind::unsupported,
                    "'{}' says nothing of where it is: it has no CRS", shown(file));
    const auto name = profile_.fill(item.attributes);
    const auto found = profiles_.find(name);
    if (found == profiles_.end())
      throw failure(ErrorKind::unsupported,
                    "'{}' would need a profile '{}'; step cog has: {}", shown(file),
                    shown(name), fmt::join(names(), ", "));
    check(info, found->second, file, name);
    return found->second;
  }

  static void check(const io::RasterInfo& info, const ProfileOptions& profile,
                    const std::string& file, const std::string& name) {
    const auto count = static_cast<int>(info.bands.size());
    if (profile.of_bands && count != *profile.of_bands)
      throw failure(ErrorKind::unsupported,
                    "'{}' has {} bands; profile '{}' is for files of {}", shown(file),
                    count, name, *profile.of_bands);
    for (const int band : profile.bands)
      if (band > count)
        throw failure(ErrorKind::unsupported,
                      "'{}' has {} bands; profile '{}' wants band {}", shown(file), count,
                      name, band);
    const auto type = std::string{name_of(info.bands.front().type)};
    if (!profile.types.empty() &&
        std::ranges::find(profile.types, type) == profile.types.end())
      throw failure(ErrorKind::unsupported,
                    "'{}' has values of type {}; profile '{}' is for: {}", shown(file),
                    type, name, fmt::join(profile.types, ", "));
  }

  // What was written is what a reader wants. Throws internal: it is not.
  static void verify(const std::filesystem::path& file, const Context& context) {
    const auto report = formats::validate_cog(file.string(), context);
    if (!report.valid)
      throw failure(ErrorKind::internal, "the file that was made is no COG: {}",
                    fmt::join(report.errors, "; "));
  }

  static void compare(const io::RasterInfo& made, const io::RasterInfo& source,
                      const ProfileOptions& profile) {
    const bool same_size = made.rows == source.rows && made.cols == source.cols;
    const bool is_right = profile.reproject ? made.crs == Crs::web_mercator()
                                            : same_size && lies_as(made, source);
    if (!is_right)
      throw failure(ErrorKind::internal,
                    "the file that was made has another size or CRS than its input");
  }

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& [name, profile] : profiles_) names.push_back(name);
    return names;
  }

  CogStepOptions given_;
  Template to_;
  Template profile_;
  std::map<std::string, ProfileOptions> profiles_;
};

Json schema() {
  Json options = json_schema<CogStepOptions>();
  options["properties"]["profiles"]["additionalProperties"] =
      json_schema<ProfileOptions>();
  return options;
}

}  // namespace

extern const StepKind step_cog;
const StepKind step_cog{
    .name = "cog",
    .summary = "Makes a cloud-optimised GeoTIFF, verified before anybody sees it.",
    .schema = schema,
    .make = [](const Options& options) -> std::unique_ptr<const Step> {
      return std::make_unique<CogStep>(options);
    },
};

}  // namespace terrazzo::pipeline
