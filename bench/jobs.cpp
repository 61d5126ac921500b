// Metadata of a scene and making it cloud-optimised.

#include <filesystem>
#include <vector>

#include <cpl_string.h>
#include <gdal_priv.h>

#include "benches.hpp"
#include "pairs.hpp"
#include "scenes.hpp"
#include "terrazzo/base/error.hpp"
#include "terrazzo/catalog/describe.hpp"
#include "terrazzo/formats/cog.hpp"
#include "terrazzo/formats/gdal_opener.hpp"

namespace terrazzo::bench {
namespace {

constexpr int side = 4096;
constexpr int runs = 7;

// What gdalinfo -stats -hist does: two passes, no percentiles, no hull.
void gdal_statistics(const std::string& path) {
  auto* file = static_cast<GDALDataset*>(GDALOpen(path.c_str(), GA_ReadOnly));
  double low = 0;
  double high = 0;
  double mean = 0;
  double stdev = 0;
  std::vector<GUIntBig> counts(256);
  auto* band = file->GetRasterBand(1);
  const bool ok = band->ComputeStatistics(FALSE, &low, &high, &mean, &stdev, nullptr,
                                          nullptr) == CE_None &&
                  band->GetHistogram(low, high, 256, counts.data(), TRUE, FALSE, nullptr,
                                     nullptr) == CE_None;
  GDALClose(file);
  VSIUnlink((path + ".aux.xml").c_str());
  if (!ok) throw failure(ErrorKind::internal, "GDAL could not compute statistics");
}

void gdal_cog(const std::string& in, const std::string& out, const char* compression) {
  auto* file = static_cast<GDALDataset*>(GDALOpen(in.c_str(), GA_ReadOnly));
  CPLStringList options;
  options.SetNameValue("COMPRESS", compression);
  options.SetNameValue("LEVEL", "1");
  options.SetNameValue("BLOCKSIZE", "256");
  options.SetNameValue("NUM_THREADS", "ALL_CPUS");
  options.SetNameValue("RESAMPLING", "AVERAGE");
  auto* driver = GetGDALDriverManager()->GetDriverByName("COG");
  auto* made =
      driver->CreateCopy(out.c_str(), file, FALSE, options.List(), nullptr, nullptr);
  if (made == nullptr) throw failure(ErrorKind::internal, "GDAL could not write {}", out);
  GDALClose(made);
  GDALClose(file);
}

}  // namespace

void metadata() {
  const Scratch scratch;
  const auto raw = scratch.path("raw.tif");
  make_scene(raw, side, 5);
  const auto opener = formats::gdal_opener();
  run({.name = "metadata of 4096 x 4096 uint16",
       .baseline = "GDAL statistics and histogram (no percentiles, no hull)",
       .ours = [&](int) { catalog::describe(*opener->open(raw), {.threads = 2}); },
       .theirs = [&](int) { gdal_statistics(raw); },
       .runs = runs});
}

void optimize() {
  const Scratch scratch;
  const auto raw = scratch.path("raw.tif");
  make_scene(raw, side, 6);
  for (const char* compression : {"deflate", "zstd"}) {
    const auto upper = CPLString{compression}.toupper();
    run({.name = fmt::format("COG of 4096 x 4096 uint16, {}", compression),
         .baseline = "GDAL COG driver, level 1, ALL_CPUS",
         .ours =
             [&](int) {
               formats::write_cog(raw, scratch.path("ours.tif"),
                                  {.compression = compression, .overwrite = "replace"});
             },
         .theirs = [&](int) { gdal_cog(raw, scratch.path("theirs.tif"), upper.c_str()); },
         .runs = runs});
  }
}

}  // namespace terrazzo::bench
