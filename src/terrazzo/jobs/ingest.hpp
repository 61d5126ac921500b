#pragma once
// Finds rasters by a pattern of their paths and enters them into a catalogue.

#include <cstdint>
#include <string>
#include <vector>

#include "terrazzo/base/context.hpp"
#include "terrazzo/base/fields.hpp"
#include "terrazzo/io/raster.hpp"
#include "terrazzo/jobs/job.hpp"

namespace terrazzo::jobs {

struct IngestRequest {
  std::string pattern{};
  std::string output{};
  bool skip_metadata = false;
  std::string rgb_key{};
  bool skip_existing = false;
  bool overwrite = false;
  bool only_new = false;
  std::string bands{};
  std::string band_key = "band";
  int threads = 0;

  void fields(auto& f) {
    f("pattern", pattern,
      "Paths of the rasters with their keys in braces, as /data/{sensor}_{date}.tif.",
      required());
    f("output", output, "The catalogue: a path or URL of its database; made if absent.",
      required());
    f("skip_metadata", skip_metadata,
      "Do not read the rasters now; the server does when they are first asked for.");
    f("rgb_key", rgb_key,
      "The key that becomes the last one, which RGB pictures combine.");
    f("skip_existing", skip_existing, "Leave datasets that are catalogued as they are.");
    f("overwrite", overwrite, "Replace the whole catalogue, at once, when all is read.");
    f("only_new", only_new, "Refuse a catalogue that exists.");
    f("bands", bands,
      "One dataset for each of these bands, with a key for the band: 1,2,3 or "
      "1=blue,2=green or all; if not told, the first band without such a key.");
    f("band_key", band_key, "With bands: what the key for the band is called.");
    f("threads", threads, "Files read at once; 0 is one per processor.", within(0, 1024));
  }
};

struct IngestReport {
  std::vector<std::string> key_names{};  // of the catalogue
  bool has_catalog = false;              // false: nothing was inserted, made or replaced
  std::uint64_t files = 0;               // that matched
  std::uint64_t inserted = 0;            // datasets: one per file, or per file and band
  std::uint64_t skipped = 0;
  std::vector<Failure> failed{};  // files of which nothing was inserted
};

// Enters every file whose absolute path matches. Datasets go in by transactions of
// some dozens, so a process that dies leaves a catalogue of whole datasets; with
// `overwrite` it leaves the old catalogue. A file that cannot be read is listed in the
// report and the others go on; if nothing could be inserted, no catalogue is made.
//
// Throws, before anything is written: invalid_input: the pattern (see find_keyed), the
// bands or the keys are wrong, the catalogue has other key names, or `output` is empty or
// a folder. conflict: the catalogue exists (only_new). not_found, denied: no file
// matches, no such folder, or it or the catalogue cannot be written. corrupt_data: what
// exists is not a catalogue.
// Later: unavailable: locked by others for too long. cancelled, timeout by `context`;
// what was inserted stays.
// Cost: reads each file once, `threads` at a time.
IngestReport ingest(const IngestRequest& request, const io::RasterOpener& opener,
                    const Report& report = {}, const Context& context = {});

}  // namespace terrazzo::jobs
