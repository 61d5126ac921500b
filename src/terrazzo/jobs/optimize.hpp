#pragma once
// Makes cloud-optimised GeoTIFFs of many files at once.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "terrazzo/base/context.hpp"
#include "terrazzo/base/fields.hpp"
#include "terrazzo/formats/cog.hpp"
#include "terrazzo/jobs/job.hpp"

namespace terrazzo::jobs {

struct OptimizeRequest {
  std::vector<std::string> files{};
  std::string output_folder{};
  bool skip_existing = false;
  bool overwrite = false;
  std::string resampling_method = "average";
  bool reproject = false;
  std::optional<bool> in_memory{};
  std::string compression = "auto";
  std::optional<int> level{};
  int quality = 75;
  double max_error = 0;
  std::vector<int> bands{};
  int nproc = -1;

  void fields(auto& f) {
    f("files", files, "Rasters, as paths or quoted shell patterns.", required());
    f("output_folder", output_folder,
      "Where the optimised files go; it is made if absent.", required());
    f("skip_existing", skip_existing, "Leave outputs that exist as they are.");
    f("overwrite", overwrite, "Replace outputs that exist.");
    f("resampling_method", resampling_method,
      "How overviews and reprojected pixels are made.",
      one_of({"average", "nearest", "bilinear", "cubic"}));
    f("reproject", reproject, "Reproject to web mercator.");
    f("in_memory", in_memory,
      "Keep finished blocks in memory until the file is put together; if not told, those "
      "of rasters under 4096 x 4096 pixels are.");
    f("compression", compression,
      "How blocks are compressed; auto is zstd where GDAL has it, else deflate. jpeg, "
      "webp (unless its quality is 100) and lerc (unless its max_error is 0) lose a "
      "little.",
      one_of({"auto", "deflate", "lzw", "zstd", "none", "jpeg", "webp", "lerc",
              "lerc_deflate", "lerc_zstd"}));
    f("level", level, "How hard deflate (1 to 12) and zstd (1 to 22) try.",
      within(1, 22));
    f("quality", quality, "Of jpeg and webp, 1 to 100.", within(1, 100));
    f("max_error", max_error, "What lerc may change a value by.", at_least(0));
    f("bands", bands, "Bands that are kept, from 1; none: all.", at_least(1));
    f("nproc", nproc, "Files worked on at once; -1 is one per processor.",
      within(-1, 1024));
  }
};

struct OptimizeReport {
  std::vector<std::string> written{};  // paths of outputs, in the order of the inputs
  std::vector<std::string> skipped{};
  std::vector<Failure> failed{};  // paths of inputs
};

using WriteCog = std::function<void(
    const std::filesystem::path& input, const std::filesystem::path& output,
    const formats::CogOptions& options, const formats::Progress& progress,
    const Context& context)>;

// The output of x/name.any is output_folder/name.tif. A file that cannot be done is
// listed in the report and has no output; the others are done.
//
// Throws, before any work: invalid_input: a path is a folder, two inputs would have the
// same output, both skip_existing and overwrite are set. not_found: nothing matches.
// conflict: an output exists and neither of them is set. As file_failure: inputs cannot
// be listed or the folder cannot be made. Later: cancelled and timeout by `context`;
// outputs that were finished stay.
OptimizeReport optimize(const OptimizeRequest& request, const Report& report = {},
                        const Context& context = {},
                        const WriteCog& write = formats::write_cog);

}  // namespace terrazzo::jobs
